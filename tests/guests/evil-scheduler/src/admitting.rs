//! Sins of `admit`.

use hinny_plugin::{
    messages,
    scheduler::{Admitted, Draft, Rejection},
    schedules::{self, Plan},
};

use crate::Sin;

pub(crate) const SINS: [&str; 22] = [
    "spin-in-admit",
    "trap-in-admit",
    "trap-on-poison-in-admit",
    "too-few-answers",
    "too-many-answers",
    "admit-bad-id",
    "admit-empty-hash",
    "admit-long-hash",
    "admit-same-hash",
    "admit-bad-data",
    "admit-huge-data",
    "admit-out-of-range",
    "reject",
    "huge-rejection",
    "escapes-in-rejection",
    "bad-field-in-rejection",
    "plan-bad-cron",
    "plan-never",
    "plan-bad-task",
    "plan-of-another-task",
    "too-many-plans",
    "message-in-admit",
];

pub(crate) fn admit(sin: &Sin, drafts: Vec<Draft>) -> Vec<Result<Admitted, Rejection>> {
    let mut answers: Vec<_> = drafts.into_iter().map(|draft| answer(sin, &draft)).collect();
    match sin.name.as_str() {
        "spin-in-admit" => spoiling::spin(),
        "trap-in-admit" => spoiling::trap(),
        "too-few-answers" => drop(answers.pop()),
        "too-many-answers" => answers.push(Err(Rejection::new("one more"))),
        _ => {}
    }
    answers
}

fn answer(sin: &Sin, draft: &Draft) -> Result<Admitted, Rejection> {
    let mut admitted = draft.admit_as(format!("evil-{}", draft.fresh_id));
    match sin.name.as_str() {
        "trap-on-poison-in-admit" if draft.data.contains("poison") => spoiling::trap(),
        "admit-bad-id" => "not-a-uuid".clone_into(&mut admitted.id),
        "admit-empty-hash" => admitted.hash.clear(),
        "admit-long-hash" => admitted.hash = "x".repeat(129),
        "admit-same-hash" => "evil".clone_into(&mut admitted.hash),
        "admit-bad-data" => "{\"half\":".clone_into(&mut admitted.data),
        "admit-huge-data" => admitted.data = format!("\"{}\"", spoiling::huge_text()),
        "admit-out-of-range" => admitted.priority = Some(i64::MIN),
        "reject" => return Err(Rejection::at("/poison", "not today; hint: try tomorrow")),
        "huge-rejection" => return Err(Rejection::new(spoiling::huge_text())),
        "escapes-in-rejection" => return Err(Rejection::new("\u{1b}[31mno\u{7}\r\nno")),
        "bad-field-in-rejection" => return Err(Rejection::at("no pointer", "no")),
        _ => {}
    }
    plan(&sin.name, &admitted)?;
    Ok(admitted)
}

/// Plans what cannot be planned. What the host refuses rejects the draft.
fn plan(sin: &str, admitted: &Admitted) -> Result<(), Rejection> {
    let uuid = |number: u32| format!("00000000-0000-7000-8000-{number:012}");
    match sin {
        "plan-bad-cron" => schedules::plan_for(&admitted.id, &Plan::cron("every full moon"))?,
        "plan-never" => schedules::plan_for(&admitted.id, &Plan::cron("0 0 30 2 *"))?,
        "plan-bad-task" => schedules::plan_for("not-a-uuid", &Plan::idle())?,
        "plan-of-another-task" => schedules::plan_for(&uuid(7), &Plan::idle())?,
        "too-many-plans" => {
            (0..10_000).try_for_each(|number| schedules::plan_for(&uuid(number), &Plan::idle()))?;
        }
        "message-in-admit" => {
            messages::send("evil", "x").map_err(|error| Rejection::new(format!("{error:?}")))?;
        }
        _ => {}
    }
    Ok(())
}
