//! Pops everything.

use std::time::Instant;

use super::shift::Shift;
use crate::{outcome::Outcome, target::Target};

/// Tasks per request.
const LIMIT: u32 = 500;

/// Pops everything.
pub(crate) async fn run(target: &Target) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let mut shift = drain(target).await?;
    let popped = shift.ledger.handed_out();
    let rate = popped as f64 / began.elapsed().as_secs_f64();
    let double = shift.ledger.double_hand_outs();
    Ok(Outcome::new("drain", popped, rate, &mut shift.timing)
        .violated_by(shift.failures)
        .violated_by(double))
}

/// Pops until the queue is empty by both accounts: the answer and the count.
pub(crate) async fn drain(target: &Target) -> anyhow::Result<Shift> {
    let mut client = target.connect().await?;
    let path = target.path(&format!("/pop?limit={LIMIT}"));
    let mut shift = Shift::default();
    while !shift.is_hopeless() {
        let Some(answer) = shift.call(&mut client, &path, None, 200).await else { continue };
        let popped = shift.ledger.hand_out(&answer.body);
        if shift.check(popped).is_some_and(|tasks| tasks.is_empty()) {
            let queued = target.queue(&mut client).await?.queued;
            if queued > 0 {
                shift.failures.push(format!("{queued} queued, but a pop gives none"));
            }
            return Ok(shift);
        }
    }
    Ok(shift)
}
