//! A scheduler plugin that breaks each limit: which one, the setting `sin` says. See
//! `../README.md`.
//!
//! Without a sin it is well behaved: each message of source `evil` becomes a task. So whatever the
//! host does about a sin, it does about that alone.

use std::sync::atomic::{AtomicU32, Ordering};

use hinny_plugin::{
    bindings::scheduler::exports::hinny::plugin::scheduler::{Descriptor, Guest},
    scheduler::{Admitted, Command, Draft, Failure, Rejection, Trigger},
    settings::Setting,
};
use spoiling::Sin;

mod admitting;
mod asking;
mod commanding;
mod describing;
mod handling;
mod serving;

/// Every sin, by the function in which it is committed.
pub const SINS: [(&str, &[&str]); 7] = [
    (
        "configure",
        &[
            "spin-in-configure",
            "trap-in-configure",
            "huge-refusal-in-configure",
            "log-in-configure",
        ],
    ),
    ("describe", &describing::SINS),
    ("admit", &admitting::SINS),
    ("handle", &handling::SINS),
    ("handle, in its commands", &commanding::SINS),
    ("handle, in what it asks of the host", &asking::SINS),
    ("handle, in what it asks of services, itself and schedules", &serving::SINS),
];

static CALLS: AtomicU32 = AtomicU32::new(0);

/// The plugin.
pub struct Evil;

impl Guest for Evil {
    fn configure(settings: Vec<Setting>) -> Result<(), String> {
        let sin = Sin::from_settings(&settings.into(), &SINS)?;
        if sin.name == "log-in-configure" {
            hinny_plugin::info!("configured with \u{1b}[31msin\u{1b}[0m");
        }
        sin.configure()
    }

    fn describe() -> Descriptor {
        describing::describe(Sin::current())
    }

    fn admit(_now: i64, drafts: Vec<Draft>) -> Vec<Result<Admitted, Rejection>> {
        admitting::admit(Sin::current(), drafts)
    }

    fn handle(_now: i64, trigger: Trigger) -> Result<Vec<Command>, Failure> {
        let call = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        let sin = Sin::current();
        handling::before(sin, call, &trigger)?;
        asking::ask(sin)?;
        serving::ask(sin)?;
        Ok(commanding::spoil(sin, handling::commands(&trigger)))
    }
}

#[cfg(target_arch = "wasm32")]
hinny_plugin::bindings::scheduler::export!(Evil with_types_in hinny_plugin::bindings::scheduler);

#[cfg(test)]
mod tests {
    use hinny_plugin::{scheduler::Message, settings::Settings};

    use super::*;

    fn settings(sin: &str) -> Settings {
        Settings::from_pairs([("sin", sin.into())])
    }

    fn message(body: &str) -> Trigger {
        Trigger::Message(Message {
            id: "00000000-0000-7000-8000-000000000001".to_owned(),
            source: "evil".to_owned(),
            at: 0,
            content_type: String::new(),
            body: body.into(),
            attributes: Vec::new(),
            delivery: 1,
        })
    }

    #[test]
    fn every_sin_is_told_of_in_the_readme() {
        let readme = include_str!("../../README.md");
        for (_, names) in SINS {
            for name in names {
                assert!(readme.contains(&format!("`{name}`")), "README.md lacks `{name}`");
                assert!(Sin::from_settings(&settings(name), &SINS).is_ok());
            }
        }
    }

    #[test]
    fn without_a_sin_a_message_becomes_a_task() {
        let commands = handling::commands(&message(r#"{"a": 1}"#));
        let [Command::Push(push)] = commands.as_slice() else { panic!("{commands:?}") };
        assert_eq!(push.data, r#"{"a": 1}"#);
    }

    #[test]
    fn too_many_commands_are_as_many_as_asked_for() {
        let sin = Sin { name: "too-many-commands".to_owned(), n: 7 };
        assert_eq!(commanding::spoil(&sin, Vec::new()).len(), 7);
    }
}
