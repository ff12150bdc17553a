//! A trigger on its way to a scheduler, and what the listeners make of the answer.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    SchedulerId,
    queue::{QueueError, Queues, TriggerOutcome},
    scheduler::HandleFailure,
    store::{StoreError, Unit},
    trigger::Trigger,
};
use tokio::sync::watch;
use tracing::Instrument;

/// The one way from the listeners to the schedulers.
#[derive(Clone)]
pub(crate) struct Triggers {
    queues: Arc<dyn Queues>,
    mail: Mail,
}

/// Tells whoever looks for kept messages that a plugin has sent some to itself: they are due now,
/// and need not wait for the next look.
#[derive(Debug, Clone, Default)]
pub struct Mail(watch::Sender<u64>);

impl Mail {
    pub(crate) fn has_come(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// What became of a trigger, as the listeners act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Its commands are committed, and the unit that went with it.
    Done {
        /// Tasks queued.
        pushed: u64,
        /// Tasks not queued, since a live one has the same hash.
        duplicates: u64,
        /// Tasks cancelled.
        cancelled: u64,
    },
    /// A guard did not hold.
    Repeated,
    /// The plugin does not want such triggers.
    Unwanted,
    /// There is no plugin, or no such scheduler, to ask; the text says which.
    Absent(String),
    /// The plugin says: never again; the text says why.
    Rejected(String),
    /// It did not work this time.
    Failed(Failure),
    /// Its tasks do not fit on the queue, which is nobody's fault.
    Full(Failure),
}

/// A trigger that was not handled, but may be later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How long the plugin asks to be left alone; zero when it does not say.
    pub(crate) wish: Duration,
    /// Why it was not handled.
    pub(crate) reason: String,
}

impl Failure {
    /// Longest wait that a plugin gets its way with. A guest must not be able to put something off
    /// for ever while it looks as if it were still waiting.
    pub(crate) const WISH_MAX: Duration = Duration::from_hours(7 * 24);
}

impl Triggers {
    /// Over the queues.
    pub(crate) fn new(queues: Arc<dyn Queues>, mail: Mail) -> Self {
        Self { queues, mail }
    }

    /// Has a scheduler handle a trigger, and counts what became of it.
    ///
    /// An error means that nothing can be done now, for any scheduler: the database does not work,
    /// or the host is stopping. What a plugin did wrong is an answer, never an error.
    pub(crate) async fn tell(
        &self,
        scheduler: &SchedulerId,
        trigger: Trigger,
        with: Unit,
    ) -> Result<Answer, QueueError> {
        let kind = trigger.kind();
        let span = tracing::info_span!("trigger", scheduler.id = %scheduler, trigger.kind = kind);
        let result = self.queues.trigger(scheduler, trigger, with).instrument(span).await;
        metrics::counter!(
            "hinny_triggers_total",
            "scheduler" => scheduler.shared(), "kind" => kind, "outcome" => label(&result),
        )
        .increment(1);
        if matches!(result, Ok(TriggerOutcome::Done { messages: 1.., .. })) {
            self.mail.has_come();
        }
        answer(result)
    }
}

/// The outcome, for metrics. Never change one.
fn label(result: &Result<TriggerOutcome, QueueError>) -> &'static str {
    match result {
        Ok(TriggerOutcome::Done { .. }) => "done",
        Ok(TriggerOutcome::Repeated) => "repeated",
        Ok(TriggerOutcome::Unwanted) => "unwanted",
        Ok(TriggerOutcome::Failed(HandleFailure::Retry { .. })) => "retry",
        Ok(TriggerOutcome::Failed(HandleFailure::Reject { .. })) => "rejected",
        Ok(TriggerOutcome::Full { .. }) => "full",
        Err(QueueError::NoPlugin(_) | QueueError::UnknownScheduler(_)) => "absent",
        Err(error) if is_ours(error) => "error",
        Ok(TriggerOutcome::Failed(HandleFailure::Failed(_))) | Err(_) => "failed",
    }
}

fn answer(result: Result<TriggerOutcome, QueueError>) -> Result<Answer, QueueError> {
    Ok(match result {
        Ok(TriggerOutcome::Done { pushed, duplicates, cancelled, .. }) => {
            Answer::Done { pushed, duplicates, cancelled }
        }
        Ok(TriggerOutcome::Repeated) => Answer::Repeated,
        Ok(TriggerOutcome::Unwanted) => Answer::Unwanted,
        Ok(TriggerOutcome::Failed(HandleFailure::Retry { after_ms, reason })) => {
            let wish = Duration::from_millis(after_ms).min(Failure::WISH_MAX);
            Answer::Failed(Failure { wish, reason })
        }
        Ok(TriggerOutcome::Failed(HandleFailure::Reject { reason })) => Answer::Rejected(reason),
        Ok(TriggerOutcome::Full { after_ms, reason }) => {
            Answer::Full(Failure { wish: Duration::from_millis(after_ms), reason })
        }
        Ok(TriggerOutcome::Failed(HandleFailure::Failed(failure))) => failed(&failure),
        Err(error @ (QueueError::NoPlugin(_) | QueueError::UnknownScheduler(_))) => {
            Answer::Absent(error.to_string())
        }
        Err(error) if is_ours(&error) => return Err(error),
        Err(error) => failed(&error),
    })
}

fn failed(reason: &impl ToString) -> Answer {
    Answer::Failed(Failure { wish: Duration::ZERO, reason: reason.to_string() })
}

/// Whether the host is in trouble, rather than the plugin or what it answered. A filter that the
/// database cannot use came from the plugin, in a cancellation.
fn is_ours(error: &QueueError) -> bool {
    match error {
        QueueError::Store(error) => !matches!(error, StoreError::Filter(_)),
        QueueError::Stopping => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use hinny_core::filter::FilterError;
    use metrics::{
        Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit as Measure,
    };

    use super::*;
    use crate::fakes::{Host, Reply, broken, jobs, message, trapped};
    use hinny_core::trigger::Interest;

    /// Writes down what is counted.
    #[derive(Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    struct Line(Arc<Mutex<Vec<String>>>, String);

    impl CounterFn for Line {
        fn increment(&self, value: u64) {
            self.0.lock().unwrap().push(format!("{} +{value}", self.1));
        }

        fn absolute(&self, _: u64) {}
    }

    impl metrics::Recorder for Recorder {
        fn describe_counter(&self, _: KeyName, _: Option<Measure>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Measure>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Measure>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels: Vec<_> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let line = format!("{} {}", key.name(), labels.join(" "));
            Counter::from_arc(Arc::new(Line(Arc::clone(&self.0), line)))
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    /// Tells a message to a plugin that gives a reply; the answer, and what was counted.
    fn tell(reply: impl Fn() -> Reply + Send + 'static) -> (Result<Answer, QueueError>, String) {
        let host = Host::new(&[Interest::Messages("orders".to_owned())]);
        host.script(move |_| reply());
        let (triggers, recorder) =
            (Triggers::new(host.deps().queues, Mail::default()), Recorder::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = metrics::with_local_recorder(&recorder, || {
            let trigger = Trigger::Message(message("orders"));
            runtime.block_on(triggers.tell(&jobs(), trigger, Unit::default()))
        });
        let counted = recorder.0.lock().unwrap().join("\n");
        (answer, counted)
    }

    fn failed(wish: Duration, reason: &str) -> Answer {
        Answer::Failed(Failure { wish, reason: reason.to_owned() })
    }

    #[test]
    fn each_trigger_is_counted_by_scheduler_kind_and_outcome() {
        let (_, counted) = tell(|| Reply::Handle);
        assert_eq!(counted, "hinny_triggers_total scheduler=jobs kind=message outcome=done +1");
        for (outcome, reply) in [
            ("failed", (|| Reply::Fail(trapped())) as fn() -> Reply),
            ("retry", || Reply::Fail(retry(5))),
            ("rejected", || Reply::Fail(HandleFailure::Reject { reason: "no".to_owned() })),
            ("absent", || Reply::Error(QueueError::NoPlugin(jobs()))),
            ("error", || Reply::Error(broken().into())),
        ] {
            let (_, counted) = tell(reply);
            assert!(counted.ends_with(&format!("outcome={outcome} +1")), "{outcome}: {counted}");
        }
    }

    fn retry(after_ms: u64) -> HandleFailure {
        HandleFailure::Retry { after_ms, reason: "busy".to_owned() }
    }

    #[test]
    fn what_the_database_or_a_stop_prevents_is_an_error() {
        assert!(matches!(tell(|| Reply::Error(broken().into())).0, Err(QueueError::Store(_))));
        assert!(matches!(tell(|| Reply::Error(QueueError::Stopping)).0, Err(QueueError::Stopping)));
    }

    fn unknown_column() -> FilterError {
        FilterError::UnknownColumn { column: "colour".to_owned(), known: "id".to_owned() }
    }

    #[test]
    fn what_a_plugin_does_wrong_is_an_answer() {
        let trap = "plugin `jobs 1.0.0` failed in `handle`: unreachable";
        assert_eq!(tell(|| Reply::Fail(trapped())).0.unwrap(), failed(Duration::ZERO, trap));
        for reply in [(|| Reply::Error(unknown_column().into())) as fn() -> Reply, || {
            Reply::Error(StoreError::Filter(unknown_column()).into())
        }] {
            let answer = tell(reply).0.unwrap();
            assert_eq!(answer, failed(Duration::ZERO, &unknown_column().to_string()));
        }
    }

    #[test]
    fn a_plugin_cannot_put_a_trigger_off_for_longer_than_a_week() {
        let answer = tell(|| Reply::Fail(retry(u64::MAX))).0.unwrap();
        assert_eq!(answer, failed(Failure::WISH_MAX, "busy"));
        let answer = tell(|| Reply::Fail(retry(1_500))).0.unwrap();
        assert_eq!(answer, failed(Duration::from_millis(1_500), "busy"));
    }
}
