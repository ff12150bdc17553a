//! Services that are broken, slow, or want to know who asks.

use std::time::Duration;

use hinny_core::event::EventOutcome;
use serde_json::json;

use super::{
    harness::OpenKat,
    stand_in::{Fault, StandIn},
};

/// A host that has to ask all three services about a change of `example.com`.
async fn kat() -> OpenKat {
    let kat = OpenKat::start().await;
    for organisation in ["org-1", "org-2"] {
        kat.katalogus.boefje(organisation, "dns-records", json!({}));
    }
    kat.katalogus.same_settings("dns-records", &["org-1", "org-2"]);
    kat
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broken_service_holds_up_is_done_once_when_it_is_well_again() {
    let kat = kat().await;
    let services: [(&str, &StandIn); 3] = [
        ("katalogus", &kat.katalogus.service),
        ("octopoes", &kat.octopoes.service),
        ("bytes", &kat.bytes.service),
    ];
    let faults = [Fault::Status(500), Fault::Garbage, Fault::Cut];
    let mut made = 0;
    for (name, service) in services {
        for fault in faults {
            service.has(Some(fault));
            let host = format!("{made}.example");
            let outcome = kat.mutation("create", "org-1", &host, 2).await;
            let EventOutcome::Waiting { reason, .. } = outcome else { panic!("{outcome:?}") };
            assert!(reason.contains(name), "{fault:?} of {name}: {reason}");
            service.has(None);
            // After a rest that a service gets that fails too often, too.
            kat.later(Duration::from_mins(10));
            made += 1;
            kat.queued("boefje", made).await;
        }
    }
    assert_eq!(kat.pop_all("boefje").await.len() as u64, made);
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_service_is_done_once_by_the_host_that_starts_next() {
    let kat = kat().await;
    kat.katalogus.service.has(Some(Fault::Status(503)));
    for n in 0..20 {
        let outcome = kat.mutation("create", "org-1", &format!("{n}.example"), 2).await;
        assert!(matches!(outcome, EventOutcome::Waiting { .. }), "{outcome:?}");
    }
    let kat = kat.restart().await;
    kat.katalogus.service.has(None);
    kat.later(Duration::from_mins(10));
    kat.queued("boefje", 20).await;
    kat.later(Duration::from_mins(10));
    assert_eq!(kat.pop_all("boefje").await.len(), 20);
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_service_is_waited_for() {
    let kat = kat().await;
    kat.bytes.service.has(Some(Fault::Slow(Duration::from_millis(300))));
    let outcome = kat.mutation("create", "org-1", "example.com", 2).await;
    assert_eq!(outcome, EventOutcome::Handled { pushed: 1, duplicates: 0, cancelled: 0 });
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_ended_is_replaced_without_anybody_noticing() {
    let kat = kat().await;
    for n in 0..3 {
        let outcome = kat.mutation("create", "org-1", &format!("{n}.example"), 2).await;
        assert_eq!(outcome, EventOutcome::Handled { pushed: 1, duplicates: 0, cancelled: 0 });
        assert_eq!(kat.bytes.log_ins(), n + 1);
        kat.bytes.end_tokens();
    }
    kat.host.stop().await;
}
