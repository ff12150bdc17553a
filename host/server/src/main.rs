//! The `hinny` binary.

use std::process::ExitCode;

/// Requests allocate and free on different threads all the time; the system's allocator takes a
/// lock for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hinny_server::cli::run()
}
