//! What becomes of a message that was tried.

use std::time::Duration;

use hinny_core::{
    Timestamp,
    event::{EventOutcome, RetryPolicy},
    trigger::Message,
};

use crate::trigger::{Answer, Failure};

/// What becomes of a message that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing more happens to it.
    Over(EventOutcome),
    /// It is tried again, and the try that was made counts.
    Waits {
        /// When.
        retry_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// It is tried again, and the try that was made does not count: nobody was there to try it, or
    /// there was no room for its tasks.
    WaitsUntried {
        /// When.
        retry_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// It is set aside for a person; the text says why.
    SetAside(String),
}

/// How a message came to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// For the first time, with an id that the host made: nobody can send it again.
    Fresh,
    /// With an id that the sender made: it may have been handled, or kept, before.
    Sent,
    /// The host kept it, and promised to handle it.
    Kept,
}

/// Longest reason that is kept, in characters: it is a guest's text, and people read it in lists.
const REASON_MAX: usize = 1_000;

impl Fate {
    /// Decides; `message.delivery` counts the try that was just made.
    pub(crate) fn of(
        answer: Answer,
        message: &Message,
        origin: Origin,
        policy: &RetryPolicy,
        now: Timestamp,
    ) -> Self {
        match answer {
            Answer::Done { pushed, duplicates, cancelled } => {
                Self::Over(EventOutcome::Handled { pushed, duplicates, cancelled })
            }
            // Nothing of ours could refuse it, so it was not handled before: another trigger changed
            // the plugin's state at the same time.
            Answer::Repeated if origin == Origin::Fresh => {
                let reason = "the plugin's state changed while it handled the message".to_owned();
                after_failure(
                    &Failure { wish: Duration::ZERO, reason },
                    message.delivery,
                    policy,
                    now,
                )
            }
            Answer::Repeated => Self::Over(EventOutcome::Repeated),
            // The message was acknowledged when it was kept: it must not vanish because a later
            // plugin has no use for it.
            Answer::Unwanted if origin == Origin::Kept => Self::SetAside(format!(
                "the plugin does not want messages of `{}` any more; hint: drop it, or activate a plugin that does and replay it",
                message.source
            )),
            Answer::Unwanted => Self::Over(EventOutcome::Unwanted),
            Answer::Absent(reason) => Self::WaitsUntried {
                retry_at: now.after(absence(now.since(message.at), policy)),
                reason,
            },
            Answer::Full(Failure { wish, reason }) => Self::WaitsUntried {
                retry_at: now.after(absence(now.since(message.at), policy).max(wish)),
                reason,
            },
            Answer::Rejected(reason) => Self::SetAside(shorten(&reason)),
            Answer::Failed(failure) => after_failure(&failure, message.delivery, policy, now),
        }
    }
}

fn after_failure(failure: &Failure, tries: u32, policy: &RetryPolicy, now: Timestamp) -> Fate {
    let reason = shorten(&failure.reason);
    match policy.wait_after(tries) {
        Some(wait) => Fate::Waits { retry_at: now.after(wait.max(failure.wish)), reason },
        None => Fate::SetAside(format!("not handled in {tries} tries, the last one: {reason}")),
    }
}

/// How long to wait for a plugin: as long again as the message is old, so the waits double without
/// counting tries. Never less than a second, whatever the policy: nothing else slows it down.
fn absence(age: Duration, policy: &RetryPolicy) -> Duration {
    let second = Duration::from_secs(1);
    age.max(policy.first).min(policy.longest).max(second)
}

fn shorten(reason: &str) -> String {
    match reason.char_indices().nth(REASON_MAX) {
        Some((end, _)) => format!("{}…", reason.get(..end).unwrap_or(reason)),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{message, second};

    const POLICY: RetryPolicy = RetryPolicy {
        attempts_max: 3,
        first: Duration::from_secs(10),
        longest: Duration::from_secs(15),
    };

    fn fate(answer: Answer, origin: Origin, delivery: u32) -> Fate {
        let message = Message { delivery, at: second(0), ..message("orders") };
        Fate::of(answer, &message, origin, &POLICY, second(100))
    }

    fn failed(wish_s: u64) -> Answer {
        let wish = Duration::from_secs(wish_s);
        Answer::Failed(Failure { wish, reason: "no route".to_owned() })
    }

    #[test]
    fn a_failed_message_waits_the_longer_of_back_off_and_wish() {
        for (delivery, wish, retry_at) in [(1, 0, 110), (2, 0, 115), (1, 3, 110), (1, 40, 140)] {
            let waits = Fate::Waits { retry_at: second(retry_at), reason: "no route".to_owned() };
            assert_eq!(fate(failed(wish), Origin::Fresh, delivery), waits);
        }
    }

    #[test]
    fn after_the_last_try_a_message_is_set_aside_and_says_why() {
        assert_eq!(
            fate(failed(0), Origin::Kept, 3),
            Fate::SetAside("not handled in 3 tries, the last one: no route".to_owned())
        );
    }

    #[test]
    fn a_rejected_message_is_set_aside_at_once() {
        let rejected = fate(Answer::Rejected("no such host".to_owned()), Origin::Fresh, 1);
        assert_eq!(rejected, Fate::SetAside("no such host".to_owned()));
    }

    #[test]
    fn a_message_whose_tasks_do_not_fit_waits_for_room_and_is_never_set_aside() {
        let full = Failure { wish: Duration::from_secs(13), reason: "full".to_owned() };
        let fate = fate(Answer::Full(full), Origin::Kept, 9);
        let retry_at = second(115);
        assert_eq!(fate, Fate::WaitsUntried { retry_at, reason: "full".to_owned() });
    }

    #[test]
    fn without_a_plugin_a_message_waits_as_long_as_it_is_old_and_is_never_set_aside() {
        for (age, wait) in [(0, 10), (12, 12), (1_000_000, 15)] {
            let message = Message { delivery: 9, at: second(0), ..message("orders") };
            let answer = Answer::Absent("no plugin".to_owned());
            let fate = Fate::of(answer, &message, Origin::Kept, &POLICY, second(age));
            let retry_at = second(age + wait);
            assert_eq!(fate, Fate::WaitsUntried { retry_at, reason: "no plugin".to_owned() });
        }
    }

    #[test]
    fn without_a_plugin_a_message_waits_a_second_even_under_a_policy_of_no_waits() {
        let policy = RetryPolicy { first: Duration::ZERO, longest: Duration::ZERO, ..POLICY };
        let message = Message { at: second(0), ..message("orders") };
        let answer = Answer::Absent("no plugin".to_owned());
        let fate = Fate::of(answer, &message, Origin::Kept, &policy, second(0));
        assert!(matches!(fate, Fate::WaitsUntried { retry_at, .. } if retry_at == second(1)));
    }

    #[test]
    fn a_kept_message_that_nobody_wants_any_more_is_not_lost() {
        let over = Fate::Over(EventOutcome::Unwanted);
        assert_eq!(fate(Answer::Unwanted, Origin::Sent, 1), over);
        assert!(matches!(fate(Answer::Unwanted, Origin::Kept, 2), Fate::SetAside(_)));
    }

    #[test]
    fn only_a_message_that_may_have_come_before_is_taken_for_a_repeated_one() {
        for origin in [Origin::Sent, Origin::Kept] {
            assert_eq!(fate(Answer::Repeated, origin, 1), Fate::Over(EventOutcome::Repeated));
        }
        assert!(matches!(fate(Answer::Repeated, Origin::Fresh, 1), Fate::Waits { .. }));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let Fate::SetAside(kept) = fate(Answer::Rejected("é".repeat(5_000)), Origin::Fresh, 1)
        else {
            panic!("a rejected message is set aside")
        };
        assert_eq!(kept.chars().count(), REASON_MAX + 1);
    }
}
