//! A scheduler plugin that asks the service `store`, sends itself messages and plans schedules. See
//! `../README.md`.

use hinny_plugin::{
    connector::{self, Request},
    messages::Outgoing,
    scheduler::*,
    schedules::{self, Plan},
};
use serde_json::{Value, json};

/// The plugin.
struct Asker;

impl Scheduler for Asker {
    hinny_plugin::no_settings!();

    fn describe(&self) -> Description {
        Description::new("answer").messages("paths").messages("later")
    }

    /// `{"name": …, "cron": …}`: with a cron expression, the task comes again.
    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        let data: Value = draft.json()?;
        let text = |name| data.get(name).and_then(Value::as_str);
        let admitted = draft.admit_as(text("name").unwrap_or("nobody"));
        match text("cron") {
            Some(cron) => admitted.planned(Plan::cron(cron)),
            None => Ok(admitted),
        }
    }

    /// `paths`: a list of paths to ask for, now. `later`: one path, of which the plugin told itself.
    fn message(&self, message: Message, now: i64) -> Result<Vec<Command>, Failure> {
        match message.source.as_str() {
            "later" => Ok(vec![answer(message.text()?, message.delivery)?]),
            _ => now_or_later(&message.json::<Vec<String>>()?, now),
        }
    }
}

/// One path is asked for at once, several in one list; those that begin with `later` each come back
/// as a message, a second later.
fn now_or_later(paths: &[String], now: i64) -> Result<Vec<Command>, Failure> {
    let (later, at_once): (Vec<_>, Vec<_>) =
        paths.iter().partition(|path| path.starts_with("/later"));
    for path in later {
        Outgoing::new("later", path.as_str()).not_before(now + 1000).send()?;
    }
    if let [path] = at_once[..] {
        return Ok(vec![answer(path, 1)?]);
    }
    let requests: Vec<Request> =
        at_once.iter().map(|path| connector::get("store", *path)).collect();
    let answers = connector::send_all(&requests);
    let tasks = at_once.iter().zip(answers).map(|(path, answer)| {
        let answer: Value = answer?.success()?.json()?;
        Ok(task(path, &answer, 1))
    });
    tasks.collect()
}

fn answer(path: &str, delivery: u32) -> Result<Command, Failure> {
    let answer: Value = connector::get("store", path).send()?.success()?.json()?;
    Ok(task(path, &answer, delivery))
}

/// A task that says what was answered, and whether it has a schedule.
fn task(path: &str, answer: &Value, delivery: u32) -> Command {
    let known = schedules::of(path).ok().flatten().is_some();
    let data = json!({"answer": answer, "delivery": delivery, "scheduled": known});
    Push::new("acme", path, data.to_string()).into()
}

hinny_plugin::export_scheduler!(Asker);

#[cfg(test)]
mod tests {
    use hinny_plugin::{
        connector::Response,
        testing::{FakeHost, SchedulerTest},
    };

    use super::*;

    #[test]
    fn what_it_asks_becomes_a_task_and_what_it_puts_off_comes_back() {
        let plugin = SchedulerTest::<Asker>::new(json!({})).unwrap().now(5);
        FakeHost::answer("store", |request| {
            Ok(Response::new(200, json!(request.path).to_string()))
        });
        let commands = plugin.message("paths", r#"["/a", "/later/b"]"#).unwrap();
        let data = r#"{"answer":"/a","delivery":1,"scheduled":false}"#;
        assert_eq!(commands, [Command::Push(Push::new("acme", "/a", data))]);
        let sent = FakeHost::take_messages();
        assert_eq!(sent, [Outgoing::new("later", "/later/b").not_before(1005)]);
        assert_eq!(plugin.message("later", "/later/b").unwrap().len(), 1);
    }
}
