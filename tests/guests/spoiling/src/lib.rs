//! What breaks a host that does not watch: time, memory, stack, size.

use std::hint::black_box;

/// Size of what is too large for any limit, in bytes.
pub const HUGE: usize = 50 << 20;

/// Never returns.
pub fn spin() -> ! {
    let mut round = 0_u64;
    loop {
        round = black_box(round).wrapping_add(1);
    }
}

/// Takes memory until there is no more.
pub fn allocate() -> ! {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(vec![1; 1 << 20]));
    }
}

/// Calls itself until the stack is full.
#[expect(unconditional_recursion, reason = "that is the sin")]
pub fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    // The sum comes after the call, so that the call cannot become a jump.
    recurse(black_box(depth + 1)).wrapping_add(frame.iter().sum())
}

/// Gives up at once.
#[cfg(target_arch = "wasm32")]
pub fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// Gives up at once.
#[cfg(not(target_arch = "wasm32"))]
pub fn trap() -> ! {
    std::process::abort()
}

/// Text of 50 MB.
pub fn huge_text() -> String {
    "x".repeat(HUGE)
}
