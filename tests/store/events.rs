//! Messages that the host keeps.

use hinny_core::{
    SchedulerId,
    event::{EventState, KeptEvent},
    store::{EventWrite, Unit},
    task::Window,
    trigger::Message,
};

use super::{
    make::{at, event_id, jobs, scheduler},
    subject::Subject,
};

const ALL: Window = Window { offset: 0, limit: 100, count_max: None };

fn kept(number: u32) -> KeptEvent {
    KeptEvent {
        message: Message {
            id: event_id(u128::from(number)),
            source: "scans".to_owned(),
            at: at(i64::from(number)),
            content_type: "application/json".to_owned(),
            body: vec![0, 159, 146, 150, b'"'],
            attributes: vec![("key \"1\"".to_owned(), "é".to_owned())],
            delivery: 2,
        },
        scheduler: jobs(),
        state: EventState::Waiting,
        retry_at: Some(at(100 + i64::from(number))),
        reason: "asks to be called again".to_owned(),
    }
}

impl Subject {
    async fn write_events(&self, events: Vec<EventWrite>) {
        self.unit(Unit { events, ..Unit::default() }).await;
    }

    async fn keep(&self, kept: KeptEvent) {
        self.write_events(vec![EventWrite::Keep(Box::new(kept))]).await;
    }

    async fn kept(&self, number: u32) -> Option<String> {
        let event = event_id(u128::from(number));
        let kept = self.store.kept_event(&jobs(), event).await.unwrap();
        kept.map(|kept| format!("{kept:#?}"))
    }

    async fn listed(&self, of: Option<&SchedulerId>, state: Option<EventState>) -> Vec<u128> {
        let page = self.store.list_kept_events(of, state, ALL).await.unwrap();
        assert_eq!(page.count, u64::try_from(page.items.len()).unwrap());
        page.items.iter().map(|kept| kept.message.id.0.as_u128()).collect()
    }
}

pub(crate) async fn a_kept_message_reads_back(subject: &Subject) {
    subject.keep(kept(1)).await;
    assert_eq!(subject.kept(1).await, Some(format!("{:#?}", kept(1))));
    let empty = KeptEvent {
        message: Message { body: Vec::new(), attributes: Vec::new(), ..kept(2).message },
        state: EventState::Quarantined,
        retry_at: None,
        ..kept(2)
    };
    subject.keep(empty.clone()).await;
    assert_eq!(subject.kept(2).await, Some(format!("{empty:#?}")));
}

pub(crate) async fn keeping_again_changes_what_became_of_it(subject: &Subject) {
    subject.keep(kept(1)).await;
    let set_aside = KeptEvent {
        state: EventState::Quarantined,
        retry_at: None,
        reason: "given up".to_owned(),
        message: Message { delivery: 5, ..kept(1).message },
        ..kept(1)
    };
    subject.keep(set_aside.clone()).await;
    assert_eq!(subject.kept(1).await, Some(format!("{set_aside:#?}")));
}

pub(crate) async fn a_dropped_message_is_gone(subject: &Subject) {
    subject.keep(kept(1)).await;
    let drop = |number| EventWrite::Drop { scheduler: jobs(), event: event_id(number) };
    // Dropping what is not there is done already; the last write counts.
    let keep = |number| EventWrite::Keep(Box::new(kept(number)));
    subject.write_events(vec![drop(1), drop(9), keep(2), drop(2), drop(3), keep(3)]).await;
    assert_eq!(subject.listed(None, None).await, [3]);
    assert_eq!(subject.kept(1).await, None);
}

pub(crate) async fn kept_messages_are_listed_newest_first(subject: &Subject) {
    for number in [2, 1, 3] {
        subject.keep(kept(number)).await;
    }
    subject.keep(KeptEvent { scheduler: scheduler("other"), ..kept(4) }).await;
    let aside = KeptEvent { state: EventState::Quarantined, retry_at: None, ..kept(5) };
    subject.keep(aside).await;
    assert_eq!(subject.listed(None, None).await, [5, 4, 3, 2, 1]);
    assert_eq!(subject.listed(Some(&jobs()), None).await, [5, 3, 2, 1]);
    assert_eq!(subject.listed(Some(&jobs()), Some(EventState::Waiting)).await, [3, 2, 1]);
    let window = Window { offset: 1, limit: 2, count_max: Some(4) };
    let page = subject.store.list_kept_events(None, None, window).await.unwrap();
    let ids: Vec<_> = page.items.iter().map(|kept| kept.message.id).collect();
    assert_eq!((page.count, ids), (4, vec![event_id(4), event_id(3)]));
}

pub(crate) async fn messages_are_due_by_their_time(subject: &Subject) {
    for number in [3, 1, 2] {
        subject.keep(kept(number)).await;
    }
    let aside = KeptEvent { state: EventState::Quarantined, ..kept(4) };
    subject.keep(KeptEvent { retry_at: Some(at(1)), ..aside }).await;
    let due = subject.store.due_events(at(102), 10).await.unwrap();
    let ids: Vec<_> = due.iter().map(|kept| kept.message.id).collect();
    assert_eq!(ids, [event_id(1), event_id(2)]);
    assert_eq!(subject.store.due_events(at(102), 1).await.unwrap().len(), 1);
}
