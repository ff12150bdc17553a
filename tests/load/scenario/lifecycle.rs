//! Push, pop, complete.

use std::{sync::Arc, time::Instant};

use clap::Args;
use hyper::Method;

use super::shift::{Shift, Whistle, begin, end};
use crate::{client::Client, outcome::Outcome, target::Target, work::Work};

/// Push, pop and complete, one task after the other on each connection, for a while.
#[derive(Debug, Args)]
pub(crate) struct Lifecycle {
    /// For how long.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

impl Lifecycle {
    /// Does it. A connection may pop what another one pushed.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let (work, whistle) = (Arc::new(Work::new(target.work)), Whistle::default());
        let began = Instant::now();
        let shifts = begin(target, target.connections, |client| {
            live(client, target.clone(), Arc::clone(&work), whistle.clone())
        })
        .await?;
        whistle.blow_after(self.seconds).await;
        let mut shift = end(shifts).await?;
        let seconds = began.elapsed().as_secs_f64();
        let lived = shift.ledger.handed_out();
        let double = shift.ledger.double_hand_outs();
        Ok(Outcome::new("lifecycle", lived, lived as f64 / seconds, &mut shift.timing)
            .violated_by(shift.failures)
            .violated_by(double))
    }
}

async fn live(mut client: Client, target: Target, work: Arc<Work>, whistle: Whistle) -> Shift {
    let (push, pop) = (target.path("/push"), target.path("/pop?limit=1&wait=1"));
    let mut shift = Shift::default();
    while !whistle.blown() && !shift.is_hopeless() {
        if let Some(answer) = shift.call(&mut client, &push, Some(work.task()), 201).await {
            let noted = shift.ledger.acknowledge(&answer.body);
            shift.check(noted);
        }
        let Some(answer) = shift.call(&mut client, &pop, None, 200).await else { continue };
        let popped = shift.ledger.hand_out(&answer.body);
        for task in shift.check(popped).unwrap_or_default() {
            let done = complete(&mut client, &task.id.to_string(), task.attempt, &mut shift).await;
            shift.check(done);
        }
    }
    shift
}

async fn complete(
    client: &mut Client,
    id: &str,
    attempt: u32,
    shift: &mut Shift,
) -> anyhow::Result<()> {
    let body = format!(r#"{{"status":"completed","attempt":{attempt}}}"#);
    let began = Instant::now();
    let answer = client.send(Method::PATCH, &format!("/tasks/{id}"), Some(body.into())).await?;
    shift.timing.note(began);
    answer.expect(200).map(drop)
}
