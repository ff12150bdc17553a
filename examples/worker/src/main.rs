//! A worker that looks whether hosts answer: `hinny-example-worker URL SCHEDULER`.

use std::{process::ExitCode, sync::atomic::AtomicBool};

use hinny_example_worker::{look::look, worker::Worker};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(scheduler)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: hinny-example-worker URL SCHEDULER");
        return ExitCode::from(2);
    };
    #[expect(clippy::disallowed_methods, reason = "a worker has no other configuration")]
    let token = std::env::var("HINNY_TOKEN").ok();
    let name = format!("example-{}", std::process::id());
    // A signal ends the process; hinny hands the task out again when its lease ends.
    Worker::new(&url, &scheduler, &name, token).run(&AtomicBool::new(false), look);
    ExitCode::SUCCESS
}
