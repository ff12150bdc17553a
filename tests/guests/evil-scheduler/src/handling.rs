//! Sins of `handle` itself.

use hinny_plugin::scheduler::{Command, Failure, Push, Trigger};

use crate::Sin;

pub(crate) const SINS: [&str; 14] = [
    "spin-in-handle",
    "trap-in-handle",
    "panic-in-handle",
    "spin-on-poison",
    "trap-on-poison",
    "trap-on-call",
    "allocate",
    "recurse",
    "reject-trigger",
    "other-failure",
    "huge-reason",
    "escapes-in-reason",
    "retry",
    "retry-in-a-million-years",
];

/// What goes wrong before any command is made.
pub(crate) fn before(sin: &Sin, call: u32, trigger: &Trigger) -> Result<(), Failure> {
    match sin.name.as_str() {
        "spin-in-handle" => spoiling::spin(),
        "trap-in-handle" => spoiling::trap(),
        "panic-in-handle" => panics(),
        "spin-on-poison" if is_poisoned(trigger) => spoiling::spin(),
        "trap-on-poison" if is_poisoned(trigger) => spoiling::trap(),
        "trap-on-call" if i64::from(call) == sin.n => spoiling::trap(),
        "allocate" => spoiling::allocate(),
        "recurse" => Err(Failure::Other(spoiling::recurse(0).to_string())),
        "reject-trigger" => Err(Failure::reject("the stars are not right")),
        "other-failure" => Err(Failure::Other("mercury is in retrograde".to_owned())),
        "huge-reason" => Err(Failure::reject(spoiling::huge_text())),
        "escapes-in-reason" => Err(Failure::reject("\u{1b}[31mred\u{7}\r\nINFO all is well")),
        "retry" => Err(Failure::retry_after(sin.n.unsigned_abs(), "not yet")),
        "retry-in-a-million-years" => Err(Failure::retry_after(u64::MAX, "not ever")),
        _ => Ok(()),
    }
}

/// What is right: a message becomes a task, a due schedule too.
pub(crate) fn commands(trigger: &Trigger) -> Vec<Command> {
    match trigger {
        Trigger::Message(message) => {
            let data = String::from_utf8_lossy(&message.body);
            vec![Push::new("evil", format!("evil-{}", message.id), data).into()]
        }
        Trigger::Due(due) => {
            let push = Push::new(due.organisation.as_str(), due.hash.as_str(), due.data.as_str());
            vec![push.schedule(due.hash.as_str()).into()]
        }
        _ => Vec::new(),
    }
}

fn is_poisoned(trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Message(message) => String::from_utf8_lossy(&message.body).contains("poison"),
        Trigger::Due(due) => due.data.contains("poison"),
        Trigger::Finished(task) => task.data.contains("poison"),
        Trigger::Tick(_) | Trigger::Other(_) => false,
    }
}

#[expect(clippy::panic, reason = "that is the sin")]
fn panics() -> ! {
    panic!("I was told to")
}
