//! Rankers that are looked through before they are activated.

use hinny_core::plugin::{CandidateRequest, CandidateSource, PluginError, Plugins};
use serde_json::{Value, json};

use super::{
    guests::{base, component, good, scheduler, sin},
    harness::{Rig, rank},
};

fn request(source: CandidateSource, settings: Option<Value>) -> CandidateRequest {
    CandidateRequest { scheduler: scheduler("jobs"), source, settings }
}

#[tokio::test]
async fn a_component_is_asked_as_it_would_be_once_active_and_not_kept() {
    let rig = Rig::start().await;
    let source = CandidateSource::Component(component("plugins/rank-weighted"));
    let candidate = rig.registry.candidate(request(source, Some(base(100)))).await.unwrap();
    assert_eq!(candidate.title(), "rank-weighted 0.1.0");
    assert_eq!(rank(&*candidate, good(&*candidate, 1)).await.unwrap(), [101]);
    assert!(rig.registry.versions().await.unwrap().is_empty());
    assert!(rig.registry.initial_ranker(&scheduler("jobs")).is_none());
}

#[tokio::test]
async fn a_kept_version_has_the_settings_of_the_last_time_unless_others_are_sent() {
    let rig = Rig::start().await;
    let digest = rig.activate("plugins/rank-weighted", base(100)).await.unwrap().digest;
    for (settings, expected) in [(None, 101), (Some(base(300)), 301)] {
        let source = CandidateSource::Version(digest);
        let candidate = rig.registry.candidate(request(source, settings)).await.unwrap();
        assert_eq!(rank(&*candidate, good(&*candidate, 1)).await.unwrap(), [expected]);
    }
    assert_eq!(rank(&*rig.ranker(), good(&*rig.ranker(), 1)).await.unwrap(), [101]);
}

#[tokio::test]
async fn what_could_not_be_activated_is_no_candidate() {
    let rig = Rig::start().await;
    let trap = CandidateSource::Component(component("guests/evil-ranker"));
    let refused = rig.registry.candidate(request(trap, Some(sin("trap")))).await.err().unwrap();
    assert!(matches!(refused, PluginError::Refused(_)), "{refused}");
    let other = CandidateSource::Component(component("plugins/jobs"));
    let refused = rig.registry.candidate(request(other, Some(json!({})))).await.err().unwrap();
    assert!(matches!(refused, PluginError::Refused(_)), "{refused}");
    let kept = CandidateSource::Version(rig.upload("plugins/jobs").await.digest);
    let refused = rig.registry.candidate(request(kept, None)).await.err().unwrap();
    assert!(matches!(refused, PluginError::WrongWorld { .. }), "{refused}");
}
