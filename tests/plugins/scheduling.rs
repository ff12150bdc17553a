//! Scheduler plugins: what they are asked, and what they may ask.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use hinny_core::{
    command::Command,
    plugin::{LineLevel, Lines, LinesRequest, PluginError, Plugins, World},
    ranker::FailureKind,
    scheduler::HandleFailure,
};
use hinny_plugins::Limits;
use insta::assert_snapshot;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::{
    guests::{draft, message, now, sin},
    harness::{Rig, Setup, patient, slot},
    silent::SilentStore,
};

#[tokio::test]
async fn data_that_does_not_fit_is_rejected_in_its_place_without_a_call() {
    let rig = Rig::start().await;
    let schema = json!({
        "type": "object", "required": ["host"],
        "properties": {"ports": {"items": {"type": "integer", "maximum": 65535}}},
    });
    rig.activate("plugins/jobs", json!({"schema": schema})).await.unwrap();
    let plugin = rig.plugin();
    let drafts = [r#"{"host": "a", "ports": [80, 70000]}"#, r#"{"host": "b"}"#, "{", "[]"];
    let answers = plugin.admit(now(), drafts.map(draft).to_vec()).await.unwrap();
    let told = answers.iter().map(|answer| match answer {
        Ok(admitted) => format!("ok {}", admitted.data),
        Err(rejection) => format!("`{}` {}", rejection.field, rejection.reason),
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    `/ports/1` 70000 is greater than the maximum of 65535
    ok {"host": "b"}
    `` not a JSON document: EOF while parsing an object at line 1 column 1
    `` [] is not of type "object"
    "#);
    let stats = rig.status(World::Scheduler).await.stats;
    assert_eq!((stats.calls, stats.tasks), (1, 1), "the plugin was asked about one draft");
    plugin.admit(now(), vec![draft("{}")]).await.unwrap();
    assert_eq!(rig.status(World::Scheduler).await.stats.calls, 1, "and about this one not at all");
}

#[tokio::test]
async fn a_message_becomes_what_the_plugin_commands() {
    let rig = Rig::start().await;
    let settings = json!({"sources": "evil", "default_organisation": "acme"});
    rig.activate("plugins/jobs", settings).await.unwrap();
    let body =
        r#"[{"data": {"n": 1}}, {"data": {"n": 2}, "organisation": "initech", "priority": 3}]"#;
    let handled = rig.plugin().handle(now(), &message(body)).await.unwrap();
    let told = handled.commands.iter().map(|command| match command {
        Command::Push(push) => {
            format!("{} {} {:?}", push.organisation, push.data, push.priority.map(|it| it.0))
        }
        other => format!("{other:?}"),
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    acme {"n": 1} None
    initech {"n": 2} Some(3)
    "#);
}

#[tokio::test]
async fn a_plugin_that_computes_gives_way_on_each_tick() {
    let rig = Setup::default().start_with("guests/evil-scheduler", sin("spin-in-handle")).await;
    let (plugin, message) = (rig.plugin(), message("{}"));
    // The test has one thread, and the guest begins on it.
    let others = async {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        handled = plugin.handle(now(), &message) => panic!("it came to an end: {handled:?}"),
        () = others => {}
    }
    rig.until_there_are_no_instances().await;
}

#[tokio::test]
async fn a_call_ends_though_the_database_never_answers() {
    for name in ["spin-in-imports", "large-state", "too-many-tasks"] {
        let limits = Limits { call_timeout_ms: 200, ..patient() };
        let rig = Setup::default()
            .limits(limits)
            .asking(Arc::new(SilentStore))
            .start_with("guests/evil-scheduler", sin(name))
            .await;
        let handled = rig.plugin().handle(now(), &message("{}")).await;
        if name == "large-state" {
            // What is too large is not even looked up.
            assert!(matches!(handled, Err(HandleFailure::Reject { .. })), "{handled:?}");
            continue;
        }
        let Err(HandleFailure::Failed(failed)) = handled else { panic!("{handled:?}") };
        assert_eq!(failed.kind, FailureKind::Deadline);
        assert!(
            failed.message.starts_with(
                "took longer than 200 ms, waiting for the host's answers included; hint: "
            ),
            "{failed}"
        );
        assert_eq!(rig.registry.instances(), 0);
    }
}

/// What is logged while it is the writer.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The lines in the host's log while a plugin handles a message.
async fn logged(name: &str) -> Vec<String> {
    let rig = Setup::default().start_with("guests/evil-scheduler", sin(name)).await;
    let (plugin, log) = (rig.plugin(), Log::default());
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).without_time().with_ansi(false).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let _ = plugin.handle(now(), &message("{}")).await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| line.trim_start().to_owned()).collect()
}

#[tokio::test]
async fn a_line_of_a_plugin_is_one_line_with_its_name_and_nothing_that_a_terminal_obeys() {
    let lines = logged("control-characters-in-line").await;
    assert_snapshot!(lines.join("\n"), @r#"
     WARN plugin.call{plugin=evil-scheduler version=0.1.0 function="handle"}: plugin: \u{1b}[2J\u{1b}[31mred\u{7}\r\n2026-01-01 INFO all is well\u{0} plugin="evil-scheduler" version="0.1.0"
    "#);
}

#[tokio::test]
async fn lines_of_a_plugin_are_bounded_in_number_and_length() {
    let lines = logged("many-lines").await;
    assert_eq!(lines.len(), 101);
    assert_snapshot!(lines[99], @r#"
     INFO plugin.call{plugin=evil-scheduler version=0.1.0 function="handle"}: plugin: line 99 plugin="evil-scheduler" version="0.1.0"
    "#);
    assert_snapshot!(lines[100], @r#"
     WARN plugin.call{plugin=evil-scheduler version=0.1.0 function="handle"}: plugin: `evil-scheduler` wrote 9900 more lines in this call; hint: raise `plugins.limits.log_lines` (100) plugin="evil-scheduler" version="0.1.0" left_out=9900
    "#);
    for (name, bytes) in [("long-line", 5_000), ("huge-line", 50 << 20)] {
        let lines = logged(name).await;
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert!(line.contains(&format!("… ({bytes} bytes in all)")), "{name}");
        assert_eq!(line.matches('x').count(), 4_096, "{name}");
    }
}

/// What is kept of the lines of the scheduler plugin of `jobs`.
async fn kept(rig: &Rig) -> Lines {
    let slot = slot("jobs", World::Scheduler);
    let request = LinesRequest { slot, after: None, limit: 1_000, wait: Duration::ZERO };
    rig.registry.lines(request).await.unwrap()
}

#[tokio::test]
async fn lines_are_kept_for_people_with_the_generation_that_wrote_them_and_the_call() {
    let rig = Rig::start().await;
    let mut expected = Vec::new();
    for name in ["long-line", "control-characters-in-line"] {
        let activation = rig.activate("guests/evil-scheduler", sin(name)).await.unwrap();
        let _ = rig.plugin().handle(now(), &message("{}")).await;
        expected.push((Some(activation.generation), activation.digest, "handle"));
    }
    let lines = kept(&rig).await.lines;
    let told: Vec<_> =
        lines.iter().map(|line| (line.generation, line.digest, line.function)).collect();
    assert_eq!(told, expected);
    assert!(lines[0].text.len() < 4_200 && lines[0].number < lines[1].number);
    assert_eq!(lines[1].level, LineLevel::Warn);
    assert!(lines[1].text.starts_with(r"\u{1b}[2J"), "{}", lines[1].text);
    let of_ranker = slot("jobs", World::Ranker);
    let request = LinesRequest { slot: of_ranker, after: None, limit: 1, wait: Duration::ZERO };
    let refused = rig.registry.lines(request).await.unwrap_err();
    assert!(matches!(refused, PluginError::NoLines(_)), "{refused}");
}

#[tokio::test]
async fn a_plugin_that_writes_without_end_is_kept_in_bounds() {
    let rig = Setup::default().start_with("guests/evil-scheduler", sin("many-lines")).await;
    for _ in 0..12 {
        let _ = rig.plugin().handle(now(), &message("{}")).await;
    }
    let kept = kept(&rig).await;
    assert_eq!(kept.lines.len(), 1_000, "12 calls of 100 lines, and one about what was left out");
    let last = &kept.lines[999];
    assert!(last.text.contains("wrote 9900 more lines in this call"), "{}", last.text);
}
