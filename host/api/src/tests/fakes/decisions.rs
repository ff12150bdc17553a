//! Decisions: two batches, of which one is reproduced, unless the ranker is another component.

use std::time::Duration;

use async_trait::async_trait;
use hinny_core::{
    PluginDigest, Priority, Timestamp,
    decision::{
        Damage, Decision, Decisions, Missed, MovedDecision, OrderDifference, Own, Recorded,
        RecordedOf, Replay, ReplayRequest, Unanswered,
    },
    input::InputValue,
    plugin::{CandidateSource, PluginError},
};

use super::{FakeHost, now};
use crate::tests::jobs;

fn damage() -> Damage {
    Damage { file: "d/1.decisions".into(), at: 18, why: "a wrong checksum".to_owned() }
}

fn decision() -> Decision {
    Decision {
        at: now(),
        generation: 3,
        batch: 0,
        place: 4,
        recorded: Priority(5),
        replayed: Priority(7),
        inputs: vec![
            ("level".to_owned(), InputValue::Integer(2)),
            ("team".to_owned(), InputValue::Text("red".into())),
            ("until".to_owned(), InputValue::Absent),
        ],
    }
}

#[async_trait]
impl Decisions for FakeHost {
    async fn recorded(&self) -> Result<Recorded, PluginError> {
        if *self.is_down.lock().unwrap() {
            return Err(PluginError::NotRecorded);
        }
        let of_jobs = RecordedOf {
            scheduler: jobs(),
            from: Some(Timestamp::MIN),
            to: Some(now()),
            batches: 2,
            tasks: 10,
            bytes: 90,
            missed: Missed { lost: 1, left_out: 2, failed: 3 },
        };
        Ok(Recorded {
            folder: "d".into(),
            bytes: 108,
            bytes_max: 1 << 20,
            schedulers: vec![of_jobs],
            damages: vec![damage()],
        })
    }

    /// A component that is sent along fails on what it decided; the active one is exact.
    async fn replay(&self, request: ReplayRequest) -> Result<Replay, PluginError> {
        let exact = request.source.is_none();
        let sent = matches!(request.source, Some(CandidateSource::Component(_)));
        self.replays.lock().unwrap().push(request);
        let own = Own {
            batches: 1,
            tasks: 6,
            differ: u64::from(!exact),
            failed: 0,
            differences: if exact { vec![] } else { vec![decision()] },
        };
        Ok(Replay {
            scheduler: jobs(),
            candidate: "decay 1.0.0".to_owned(),
            digest: PluginDigest([1; 32]),
            from: Some(Timestamp::MIN),
            to: Some(now()),
            batches: 2,
            tasks: 10,
            same: 9,
            differ: 1,
            own: if sent { Own::default() } else { own },
            order: OrderDifference {
                compared: 10,
                moved: 2,
                kendall_tau: Some(0.5),
                forward: vec![MovedDecision { decision: decision(), from: 9, to: 1 }],
                back: vec![],
            },
            failed: Unanswered { batches: 1, tasks: 2 },
            failure: Some("it trapped".to_owned()),
            skipped: vec![(
                "`/size` as integer was not recorded".to_owned(),
                Unanswered { batches: 1, tasks: 3 },
            )],
            damages: vec![damage()],
            took_then: Duration::from_micros(50),
            took_now: Duration::from_micros(15),
        })
    }
}
