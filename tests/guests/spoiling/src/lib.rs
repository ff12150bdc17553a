//! What evil guests have in common: the choice of a sin, and what breaks a host that does not watch.

use std::{hint::black_box, sync::OnceLock};

use hinny_plugin::settings::Settings;

/// A sin, and how far it goes.
#[derive(Debug, Clone)]
pub struct Sin {
    /// Which one, or `none`.
    pub name: String,
    /// How far: the call that traps, the number of answers, as the sin has it.
    pub n: i64,
}

/// Sins, by the function in which they are committed.
pub type Sins = [(&'static str, &'static [&'static str])];

static SIN: OnceLock<Sin> = OnceLock::new();

impl Sin {
    /// From the settings `sin` and `n`, if it is one of the guest's.
    pub fn from_settings(settings: &Settings, sins: &Sins) -> Result<Self, String> {
        settings.deny_unknown(&["sin", "n"])?;
        let name = settings.text("sin")?.unwrap_or("none");
        let mut known = sins.iter().flat_map(|(_, names)| names.iter());
        if name != "none" && !known.any(|sin| *sin == name) {
            return Err(format!(
                "there is no sin `{name}`; hint: tests/guests/README.md lists all"
            ));
        }
        Ok(Self { name: name.to_owned(), n: settings.integer("n")?.unwrap_or(1) })
    }

    /// Commits it, if it is one of those in `configure`; else it is the one from now on.
    pub fn configure(self) -> Result<(), String> {
        match self.name.as_str() {
            "spin-in-configure" => spin(),
            "trap-in-configure" => trap(),
            "huge-refusal-in-configure" => return Err(huge_text()),
            _ => {}
        }
        SIN.set(self).map_err(|_| "configured twice".to_owned())
    }

    /// The one that was configured.
    pub fn current() -> &'static Self {
        static NONE: Sin = Sin { name: String::new(), n: 1 };
        SIN.get().unwrap_or(&NONE)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sin_that_does_not_exist_is_refused() {
        let settings = Settings::from_pairs([("sin", "sloth".into())]);
        let refused = Sin::from_settings(&settings, &[("rank", &["spin"])]).unwrap_err();
        assert!(refused.contains("`sloth`"), "{refused}");
    }
}
