//! The harness refuses what the host would refuse, and lends what the host would lend.

use std::cell::Cell;

use serde_json::json;

use super::*;
use crate::{
    connector::{self, ConnectorError, Response},
    log::Level,
    messages::{self, Outgoing},
    ranker::{Context, Explanation, Input, InputType, Inputs, PRIORITY_MAX, Ranker, Row, Settings},
    scheduler::{
        Admitted, Command, Description, Draft, DueSchedule, Failure, FinishedTask, Push, Rejection,
        Scheduler, Tick, Trigger,
    },
    schedules::{self, Plan, Schedule, ScheduleError},
    state, tasks,
};

#[derive(Inputs)]
struct Facts<'a> {
    #[input(wait)]
    wait_ms: i64,
    #[input(organisation)]
    organisation: &'a str,
    #[input(last_run_status)]
    last_status: Option<&'a str>,
    #[input("/size")]
    size: Option<i64>,
    #[input("/name")]
    name: Option<&'a str>,
}

/// A ranker whose answer is one of its inputs, by the setting `what`.
struct Tell(String);

impl Ranker for Tell {
    type Task<'a> = Facts<'a>;

    fn configure(settings: &Settings) -> Result<Self, String> {
        Ok(Self(settings.text("what")?.unwrap_or_default().to_owned()))
    }

    fn rank(&self, task: &Facts<'_>, context: &Context) -> i64 {
        match self.0.as_str() {
            "wait" => task.wait_ms,
            "organisation" => task.organisation.len() as i64,
            "status" => task.last_status.map_or(-1, |status| status.len() as i64),
            "size" => task.size.unwrap_or(-1),
            "name" => task.name.map_or(-1, |name| name.len() as i64),
            "seed" => context.seed as i64,
            _ => PRIORITY_MAX + 1,
        }
    }
}

fn tell(what: &str, task: TestTask) -> Result<Vec<i64>, String> {
    RankerTest::<Tell>::new(json!({"what": what}))
        .unwrap()
        .now(5_000)
        .seed(9)
        .task(task)
        .priorities()
}

#[test]
fn inputs_are_extracted_as_the_host_does_it() {
    let task = |data| TestTask::new("it", data).created_at(2_000);
    let nothing = || task(json!({}));
    assert_eq!(tell("wait", nothing()), Ok(vec![3_000]));
    assert_eq!(tell("wait", nothing().created_at(9_000)), Ok(vec![0]), "clocks may differ");
    assert_eq!(tell("organisation", nothing().organisation("umbrella")), Ok(vec![8]));
    assert_eq!(tell("status", nothing()), Ok(vec![-1]));
    assert_eq!(tell("status", nothing().last_run(1, "failed", 1)), Ok(vec![6]));
    assert_eq!(tell("seed", nothing()), Ok(vec![9]));
    for (size, expected) in
        [(json!(3), 3), (json!(2.0), 2), (json!(0.5), -1), (json!("3"), -1), (json!(null), -1)]
    {
        assert_eq!(tell("size", task(json!({"size": size}))), Ok(vec![expected]), "{size}");
    }
    for (name, expected) in
        [(json!("abc"), 3), (json!(12), 2), (json!(true), 4), (json!([1]), 3), (json!(null), -1)]
    {
        assert_eq!(tell("name", task(json!({"name": name}))), Ok(vec![expected]), "{name}");
    }
}

#[test]
fn a_priority_out_of_range_is_refused() {
    let refused = tell("nonsense", TestTask::new("it", json!({}))).unwrap_err();
    assert_eq!(refused, "priority 9007199254740992 is out of range");
}

/// A ranker with one flaw, by the setting `flaw`.
struct Flawed(String);

thread_local! {
    static CALLS: Cell<i64> = const { Cell::new(0) };
}

impl Ranker for Flawed {
    type Task<'a> = Row<'a>;

    fn configure(settings: &Settings) -> Result<Self, String> {
        Ok(Self(settings.text("flaw")?.unwrap_or_default().to_owned()))
    }

    fn inputs(&self) -> Vec<Input> {
        match self.0.as_str() {
            "bad pointer" => vec![Input::pointer("size", InputType::Integer)],
            "wrong type" => {
                let created = Input::well_known("created-at").unwrap();
                vec![Input { kind: InputType::Text, ..created }]
            }
            "too many" => vec![Input::pointer("/a", InputType::Integer); 65],
            _ => Vec::new(),
        }
    }

    fn rank(&self, _task: &Row<'_>, _context: &Context) -> i64 {
        CALLS.set(CALLS.get() + 1);
        if self.0 == "memory" { CALLS.get() } else { 7 }
    }

    fn explain(&self, _task: &Row<'_>, _context: &Context) -> Explanation {
        Explanation::new(8)
    }
}

#[test]
fn what_the_host_would_refuse_is_refused() {
    for (flaw, expected) in [
        ("bad pointer", "input `size`: `size` is not a JSON pointer"),
        ("wrong type", "input `created-at` is integer, not text"),
        ("too many", "65 inputs are declared, the host takes 64"),
        ("memory", "asked twice the same, the ranker answers differently"),
    ] {
        let test = RankerTest::<Flawed>::new(json!({"flaw": flaw})).unwrap();
        let refused = test.task(TestTask::new("it", json!({}))).priorities().unwrap_err();
        assert_eq!(refused, expected, "{flaw}");
    }
    let test = RankerTest::<Flawed>::new(json!({})).unwrap().task(TestTask::new("it", json!({})));
    assert_eq!(test.explanations().unwrap_err(), "`explain` says 8, `rank` says 7");
}

/// A scheduler plugin that counts ticks, repeats what failed, and remembers what was due.
struct Keeper;

impl Scheduler for Keeper {
    crate::no_settings!();

    fn describe(&self) -> Description {
        Description::new("keep").ticks(1000).due_schedules().finished_tasks()
    }

    fn admit(&self, _draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        Err(Rejection::at("/a", "nothing comes from outside"))
    }

    fn tick(&self, _tick: Tick, _now: i64) -> Result<Vec<Command>, Failure> {
        let entry = state::get("ticks")?;
        let revision = entry.as_ref().map_or(0, |entry| entry.revision);
        let count = entry.and_then(|entry| entry.value.first().copied()).unwrap_or(0) + 1;
        state::set_expecting("ticks", Some(&[count]), revision)?;
        crate::info!("tick {count}");
        Ok(Vec::new())
    }

    fn due(&self, schedule: DueSchedule, _now: i64) -> Result<Vec<Command>, Failure> {
        match tasks::newest(&schedule.hash)? {
            Some(known) => Err(Failure::reject(format!("`{}` is {}", known.hash, known.status))),
            None => Ok(vec![Push::new(schedule.organisation, schedule.hash, schedule.data).into()]),
        }
    }

    fn finished(&self, task: FinishedTask, now: i64) -> Result<Vec<Command>, Failure> {
        let queued = tasks::find("{\"filters\": []}", 10)?;
        let push = Push::new(task.organisation, task.hash, task.data).not_before(now + 60_000);
        Ok(if queued.is_empty() { vec![push.into()] } else { Vec::new() })
    }
}

fn keeper() -> SchedulerTest<Keeper> {
    SchedulerTest::new(json!({})).unwrap()
}

fn tick() -> Trigger {
    Trigger::Tick(Tick { planned_at: 0, every_ms: 1000 })
}

#[test]
fn state_lasts_from_trigger_to_trigger_and_not_from_test_to_test() {
    let first = keeper();
    first.handle(tick()).unwrap();
    first.handle(tick()).unwrap();
    assert_eq!(FakeHost::state("ticks").unwrap().value, [2]);
    let lines = ["tick 1", "tick 2"].map(|line| (Level::Info, line.to_owned()));
    assert_eq!(FakeHost::lines(), lines);
    keeper().handle(tick()).unwrap();
    assert_eq!(FakeHost::state("ticks").unwrap().value, [1]);
}

#[test]
fn state_is_refused_as_the_host_refuses_it() {
    keeper();
    let text = |result: Result<(), state::StateError>| format!("{:?}", result.unwrap_err());
    assert!(text(FakeHost::set_state(&"k".repeat(257), None, None)).contains("257 bytes"));
    assert!(text(FakeHost::set_state("k", Some(&vec![0; 65_537]), None)).contains("TooLarge"));
    assert!(text(FakeHost::set_state("k", Some(b"v"), Some(1))).contains("Conflict"));
    FakeHost::set_state("k", Some(b"v"), Some(0)).unwrap();
    FakeHost::set_state("k", None, None).unwrap();
    assert_eq!(FakeHost::state("k"), None);
}

#[test]
fn the_plugin_finds_the_tasks_that_the_test_says_there_are() {
    let keeper = keeper().now(1_000);
    let failed = || Trigger::Finished(finished("h", json!({"n": 1}), "failed"));
    let unasked = keeper.handle(failed()).unwrap_err();
    assert!(matches!(unasked, Failure::RetryAfter(it) if it.reason.contains("answer_find")));
    FakeHost::answer_find(|_, _| Ok(Vec::new()));
    let again = Push::new("acme", "h", r#"{"n":1}"#).not_before(61_000);
    assert_eq!(keeper.handle(failed()).unwrap(), [Command::Push(again)]);

    let due = || Trigger::Due(due("acme", "h", json!(1)));
    assert_eq!(keeper.handle(due()).unwrap(), [Command::Push(Push::new("acme", "h", "1"))]);
    FakeHost::add_task(tasks::Task {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        organisation: "acme".to_owned(),
        hash: "h".to_owned(),
        data: "1".to_owned(),
        status: "running".to_owned(),
        priority: 5,
        attempts: 1,
        created_at: 0,
        modified_at: 0,
        finished_at: None,
    });
    assert_eq!(keeper.handle(due()), Err(Failure::reject("`h` is running")));
}

#[test]
fn what_a_plugin_has_no_method_for_is_set_aside() {
    let failure = keeper().message("hosts", "a.example").unwrap_err();
    let expected = "this plugin has nothing to do with messages of `hosts`";
    assert_eq!(failure, Failure::reject(expected));
    assert_eq!(keeper().admit(json!({})).unwrap_err().field, "/a");
}

/// A scheduler plugin that asks a catalogue, one page a message, and plans what is pushed.
struct Asker;

impl Scheduler for Asker {
    crate::no_settings!();

    fn describe(&self) -> Description {
        Description::new("ask").messages("pages")
    }

    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        let cron = draft.data.trim_matches('"').to_owned();
        draft.admit_as("h").planned(Plan::cron(cron).in_zone("Europe/Amsterdam"))
    }

    fn message(
        &self,
        message: crate::scheduler::Message,
        now: i64,
    ) -> Result<Vec<Command>, Failure> {
        let page = message.text()?.to_owned();
        let path = format!("/pages/{}", connector::segment(&page));
        let answer = connector::get("catalogue", path).query_each("kind", ["a", "b"]).send()?;
        let Some(found) = answer.found()? else { return Ok(Vec::new()) };
        Outgoing::new("pages", found.text()?).not_before(now + 1).send()?;
        match page.as_str() {
            "lost" => messages::send("elsewhere", "x")?,
            "large" => messages::send("pages", vec![0; 65_537])?,
            _ => {}
        }
        Ok(Vec::new())
    }
}

fn asker() -> SchedulerTest<Asker> {
    let asker = SchedulerTest::new(json!({})).unwrap();
    FakeHost::answer("catalogue", |request| match request.path.as_str() {
        "/pages/none" => Ok(Response::new(404, "")),
        "/pages/broken" => Ok(Response::new(500, "out of \u{1b}order")),
        _ => Ok(Response::new(200, "next")),
    });
    asker
}

#[test]
fn a_test_plays_the_services_and_sees_what_they_are_asked() {
    let asker = asker().now(5);
    asker.message("pages", "red & blue").unwrap();
    let expected = connector::get("catalogue", "/pages/red%20%26%20blue");
    assert_eq!(FakeHost::requests(), [expected.query("kind", "a").query("kind", "b")]);
    assert_eq!(FakeHost::messages(), [Outgoing::new("pages", "next").not_before(6)]);

    assert_eq!(asker.message("pages", "none"), Ok(Vec::new()), "404 is nothing");
    let why = r"`GET catalogue/pages/broken` answered 500: out of \u{1b}order";
    assert_eq!(asker.message("pages", "broken"), Err(Failure::retry_after(1000, why)));
    FakeHost::service_down("catalogue");
    let why = "service `catalogue` cannot be asked now: it is down";
    assert_eq!(asker.message("pages", "1"), Err(Failure::retry_after(1000, why)));
    assert_eq!(FakeHost::take_messages().len(), 1, "of the one call that went well");
    assert!(FakeHost::messages().is_empty());
}

#[test]
fn questions_are_refused_as_the_host_refuses_them() {
    let asker = asker();
    let refused = |request: connector::Request| match request.send().unwrap_err() {
        ConnectorError::BadRequest(why) | ConnectorError::UnknownService(why) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused(connector::get("moon", "/")).starts_with("no service `moon`"));
    for path in ["pages", "/a/../b", "/a/%2E%2e", "/a?b=1", "/ä", ""] {
        assert!(refused(connector::get("catalogue", path)).contains("is not taken"), "{path}");
    }
    let asked = connector::send_all(&vec![connector::get("catalogue", "/pages/1"); 1001]);
    assert_eq!(asked.iter().filter(|answer| answer.is_ok()).count(), 1000);
    assert_eq!(asker.message("pages", "1"), Ok(Vec::new()), "each call may ask as much again");
}

#[test]
fn messages_are_refused_as_the_host_refuses_them_and_the_call_sends_none() {
    let asker = asker();
    for (page, why) in [("lost", "does not want messages of `elsewhere`"), ("large", "65537")] {
        let failure = asker.message("pages", page).unwrap_err();
        assert!(matches!(&failure, Failure::Reject(text) if text.contains(why)), "{failure:?}");
        assert!(FakeHost::messages().is_empty());
    }
}

#[test]
fn schedules_are_planned_found_and_matched_as_the_host_does_it() {
    let asker = asker();
    let admitted = asker.admit(json!("0 12 * * *")).unwrap();
    let plan = Plan::cron("0 12 * * *").in_zone("Europe/Amsterdam");
    assert_eq!(FakeHost::plans(), [(admitted.id, plan)]);
    let refused = asker.admit(json!("every full moon")).unwrap_err().reason;
    assert!(refused.starts_with("its schedule cannot be planned: `every full moon`"), "{refused}");
    assert_eq!(FakeHost::plans().len(), 1);

    let noon = |after| schedules::next_match("0 12 * * *", Some("Europe/Amsterdam"), after);
    assert_eq!(noon(1_782_864_000_000), Ok(Some(1_782_900_000_000)), "10:00 UTC in summer");
    assert!(matches!(
        schedules::next_match("0 12 * * *", Some("Moon/Tycho"), 0),
        Err(ScheduleError::BadPlan(_))
    ));
    assert_eq!(schedules::of("h"), Ok(None));
    let known = Schedule {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        organisation: "acme".to_owned(),
        hash: "h".to_owned(),
        data: "1".to_owned(),
        enabled: false,
        cron: None,
        time_zone: "UTC".to_owned(),
        deadline_at: None,
    };
    FakeHost::add_schedule(known.clone());
    assert_eq!(schedules::of("h"), Ok(Some(known)));
    assert_eq!(FakeHost::schedules_asked(), [["h"], ["h"]]);
}

#[test]
fn tasks_that_are_pushed_together_are_admitted_one_by_one_unless_the_plugin_knows_better() {
    let draft = |id: &str, data: &str| Draft {
        sent_id: Some(id.to_owned()),
        fresh_id: String::new(),
        organisation: "acme".to_owned(),
        priority: None,
        data: data.to_owned(),
    };
    let drafts = vec![draft("a", "0 1 * * *"), draft("b", "never"), draft("c", "0 2 * * *")];
    let answers = asker().admit_drafts(drafts);
    let taken: Vec<_> = answers.iter().map(|it| it.as_ref().ok().map(|it| &*it.id)).collect();
    assert_eq!(taken, [Some("a"), None, Some("c")]);
    let planned: Vec<_> = FakeHost::plans().into_iter().map(|(task, _)| task).collect();
    assert_eq!(planned, ["a", "c"]);
}
