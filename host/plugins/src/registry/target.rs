//! What a request to switch means, given what was active before.

use hinny_core::{
    PluginDigest,
    plugin::{ActivateRequest, Activation, PluginError, Slot, Stage, World},
};
use serde_json::{Value, json};

/// What a slot is to run.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) digest: PluginDigest,
    pub(super) settings: Value,
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) stage: Stage,
    pub(super) ended: Option<u64>,
    pub(super) forced: bool,
}

/// What a person, or the configuration, asks for. The history is newest first.
pub(super) fn asked(
    request: ActivateRequest,
    history: &[Activation],
) -> Result<Target, PluginError> {
    let ActivateRequest { slot, digest, settings, stage, force, by } = request;
    let Some(digest) = digest else {
        return Ok(Target { by, ..earlier(&slot, history)? });
    };
    let settings = settings.unwrap_or_else(|| last_settings(&digest, history));
    let quarantine = quarantined(&digest, &settings, history);
    if let Some(why) = quarantine.filter(|_| !force) {
        return Err(PluginError::Quarantined {
            slot: slot.to_string(),
            digest: digest.to_string(),
            why: why.reason.clone(),
        });
    }
    if stage.is_trial() {
        check_trial(&slot, history)?;
    }
    let reason = match (by.as_str(), stage) {
        (Activation::BY_CONFIGURATION, _) => Activation::BY_CONFIGURATION.to_owned(),
        (_, Stage::Active) => "activate".to_owned(),
        (_, stage) => stage.to_string(),
    };
    Ok(Target { digest, settings, by, reason, stage, ended: None, forced: force })
}

/// Back, since a generation is beyond its budget.
pub(super) fn automatic(
    slot: &Slot,
    history: &[Activation],
    generation: u64,
    why: &str,
) -> Result<Target, PluginError> {
    let back = earlier(slot, history)?;
    let reason = format!("automatic rollback from generation {generation}: {why}");
    Ok(Target { by: Activation::BY_HOST.to_owned(), reason, ended: Some(generation), ..back })
}

/// The generation that decides about all tasks, or about all but those of a canary.
pub(super) fn active(history: &[Activation]) -> Option<&Activation> {
    history.iter().find(|activation| !activation.stage.is_trial())
}

/// The settings that a version had when it was last active.
pub(super) fn last_settings(digest: &PluginDigest, history: &[Activation]) -> Value {
    let last = history.iter().find(|activation| activation.digest == *digest);
    last.map_or_else(|| json!({}), |activation| activation.settings.clone())
}

/// Whether the host may end a generation by itself: not what a person went back to or insisted on, and
/// not what the host went back to.
pub(super) fn is_watched(activation: &Activation) -> bool {
    let went_back = activation.reason.starts_with(ROLLBACK);
    !(activation.forced || activation.ended.is_some() || went_back)
}

const ROLLBACK: &str = "rollback to generation ";

fn check_trial(slot: &Slot, history: &[Activation]) -> Result<(), PluginError> {
    if slot.world != World::Ranker {
        return Err(PluginError::NoTrial(slot.to_string()));
    }
    active(history).map(|_| ()).ok_or_else(|| PluginError::NothingBeside(slot.to_string()))
}

/// The end of a trial; or else the last generation that was another one than the active one: going
/// back to the same version with the same settings would change nothing. What the host ended by itself
/// is not gone back to.
fn earlier(slot: &Slot, history: &[Activation]) -> Result<Target, PluginError> {
    let none = || PluginError::NoEarlier(slot.to_string());
    let (last, before) = history.split_first().ok_or_else(none)?;
    let back = if last.stage.is_trial() {
        active(before)
    } else {
        before.iter().find(|activation| {
            !activation.stage.is_trial()
                && !is_same(activation, &last.digest, &last.settings)
                && quarantined(&activation.digest, &activation.settings, history).is_none()
        })
    };
    let back = back.ok_or_else(none)?;
    Ok(Target {
        digest: back.digest,
        settings: back.settings.clone(),
        by: String::new(),
        reason: format!("{ROLLBACK}{}", back.generation),
        stage: Stage::Active,
        ended: None,
        forced: false,
    })
}

/// The activation by which the host ended a version with these settings, if nobody has insisted since.
fn quarantined<'a>(
    digest: &PluginDigest,
    settings: &Value,
    history: &'a [Activation],
) -> Option<&'a Activation> {
    let ended = |by: &&Activation| {
        let ended = history.iter().find(|activation| Some(activation.generation) == by.ended);
        ended.is_some_and(|ended| is_same(ended, digest, settings))
    };
    let insisted = |by: &&Activation| by.forced && is_same(by, digest, settings);
    history.iter().find(|by| insisted(by) || ended(by)).filter(|by| !insisted(by))
}

fn is_same(activation: &Activation, digest: &PluginDigest, settings: &Value) -> bool {
    activation.digest == *digest && activation.settings == *settings
}

#[cfg(test)]
mod tests {
    use hinny_core::{SchedulerId, Timestamp};

    use super::*;

    fn slot() -> Slot {
        Slot { scheduler: SchedulerId::new("jobs").unwrap(), world: World::Ranker }
    }

    fn activation(generation: u64, digest: u8, weight: u64) -> Activation {
        Activation {
            slot: slot(),
            generation,
            digest: PluginDigest([digest; 32]),
            settings: json!({ "weight": weight }),
            at: Timestamp::MIN,
            by: "ann".to_owned(),
            reason: "activate".to_owned(),
            stage: Stage::Active,
            ended: None,
            forced: false,
        }
    }

    fn shadow(generation: u64, digest: u8) -> Activation {
        Activation { stage: Stage::Shadow, ..activation(generation, digest, 1) }
    }

    fn ended_by_host(generation: u64, digest: u8, ended: u64) -> Activation {
        Activation { ended: Some(ended), ..activation(generation, digest, 1) }
    }

    fn version(digest: u8) -> ActivateRequest {
        let request = ActivateRequest::version(slot(), PluginDigest([digest; 32]), "ann");
        ActivateRequest { settings: Some(json!({ "weight": 1 })), ..request }
    }

    fn rollback(history: &[Activation]) -> Result<Target, PluginError> {
        asked(ActivateRequest::rollback(slot(), "ann"), history)
    }

    #[test]
    fn a_rollback_goes_to_the_last_generation_that_differs() {
        let history =
            [activation(4, 2, 1), activation(3, 2, 1), activation(2, 1, 7), activation(1, 1, 1)];
        let back = rollback(&history).unwrap();
        assert_eq!((back.digest, back.settings), (PluginDigest([1; 32]), json!({"weight": 7})));
        assert_eq!((back.reason.as_str(), back.by.as_str()), ("rollback to generation 2", "ann"));
    }

    #[test]
    fn without_another_generation_there_is_nothing_to_go_back_to() {
        for history in
            [&[][..], &[activation(1, 1, 1)], &[activation(2, 1, 1), activation(1, 1, 1)]]
        {
            assert!(matches!(rollback(history), Err(PluginError::NoEarlier(_))));
        }
    }

    #[test]
    fn settings_that_are_not_given_are_those_of_the_last_time() {
        let history = [activation(3, 2, 3), activation(2, 1, 2), activation(1, 1, 1)];
        let settings = |digest: u8, by: &str| {
            let request = ActivateRequest::version(slot(), PluginDigest([digest; 32]), by);
            let target = asked(request, &history).unwrap();
            (target.settings, target.reason)
        };
        assert_eq!(settings(1, "ann"), (json!({"weight": 2}), "activate".to_owned()));
        assert_eq!(
            settings(9, Activation::BY_CONFIGURATION),
            (json!({}), "configuration".to_owned())
        );
    }

    #[test]
    fn the_end_of_a_trial_is_the_generation_beside_which_it_ran() {
        let history = [shadow(4, 3), shadow(3, 2), activation(2, 1, 1), activation(1, 9, 1)];
        let back = rollback(&history).unwrap();
        assert_eq!((back.digest, back.stage), (PluginDigest([1; 32]), Stage::Active));
        // Trials are nothing to go back to.
        let history = [activation(5, 1, 1), shadow(4, 3), activation(3, 9, 1)];
        assert_eq!(rollback(&history).unwrap().digest, PluginDigest([9; 32]));
    }

    #[test]
    fn a_trial_needs_something_beside_it() {
        let trial = ActivateRequest { stage: Stage::Shadow, ..version(1) };
        assert!(matches!(asked(trial.clone(), &[]), Err(PluginError::NothingBeside(_))));
        let target = asked(trial, &[activation(1, 9, 1)]).unwrap();
        assert_eq!((target.stage, target.reason.as_str()), (Stage::Shadow, "shadow"));
    }

    #[test]
    fn what_the_host_ended_comes_back_only_if_a_person_insists() {
        let mut history = vec![ended_by_host(3, 1, 2), activation(2, 7, 1), activation(1, 1, 1)];
        let refused = asked(version(7), &history).unwrap_err();
        assert!(matches!(refused, PluginError::Quarantined { .. }), "{refused}");
        // With other settings it is something else.
        let other = ActivateRequest { settings: Some(json!({ "weight": 2 })), ..version(7) };
        assert!(asked(other, &history).is_ok());
        let forced = asked(ActivateRequest { force: true, ..version(7) }, &history).unwrap();
        assert!(forced.forced);
        history.insert(0, Activation { forced: true, ..activation(4, 7, 1) });
        assert!(!is_watched(&history[0]));
        assert!(asked(version(7), &history).is_ok());
    }

    #[test]
    fn nobody_goes_back_to_what_the_host_ended() {
        let history = [ended_by_host(3, 1, 2), activation(2, 7, 1), activation(1, 1, 1)];
        assert!(matches!(rollback(&history), Err(PluginError::NoEarlier(_))));
    }

    #[test]
    fn an_automatic_rollback_says_from_where_and_why() {
        let history = [activation(2, 7, 1), activation(1, 1, 1)];
        let target = automatic(&slot(), &history, 2, "it traps").unwrap();
        assert_eq!((target.digest, target.ended), (PluginDigest([1; 32]), Some(2)));
        assert_eq!(target.reason, "automatic rollback from generation 2: it traps");
        assert_eq!(target.by, Activation::BY_HOST);
    }
}
