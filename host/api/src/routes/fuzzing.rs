//! What the fuzzer calls: see `tests/fuzz/README.md`. Each panics when something does not hold.

use axum::response::IntoResponse;
use hinny_core::{
    filter::{Filter, FilterRequest},
    queue::NewMessage,
    task::TaskQuery,
};
use serde_json::value::RawValue;

use super::{events, tasks::TaskListQuery};
use crate::{body, error::ApiError, filter::FilterBody, params};

/// A list of tasks that somebody asks for, by query and body. What is read can be written, and is
/// then read alike, by the API and by whoever reads it for a plugin.
pub fn task_list(query: &str, body: &[u8]) -> Option<TaskQuery> {
    let query = understood(params::query::<TaskListQuery>(query));
    let filter = understood(body::parse::<FilterBody>(body));
    if let Some(filter) = understood(body::parse::<FilterBody>(body)).flatten()
        && let Some(filter) = understood(filter.into_filter())
    {
        assert_prints(&filter);
    }
    understood(query?.with(filter?))
}

fn assert_prints(filter: &Filter) {
    let printed = serde_json::to_vec(&FilterRequest::from(filter)).expect("it is JSON");
    let again = understood(body::parse::<FilterBody>(&printed)).flatten();
    let again = again.and_then(|body| understood(body.into_filter()));
    let text = String::from_utf8_lossy(&printed);
    assert_eq!(again.as_ref(), Some(filter), "it is read otherwise: {text}");
    let told: FilterRequest = serde_json::from_slice(&printed).expect("it was just written");
    assert_eq!(Filter::try_from(told).as_ref(), Ok(filter), "a plugin's is read otherwise: {text}");
}

/// Messages that somebody sends: whatever is taken is JSON, as it came.
pub fn messages(body: &[u8]) -> Vec<NewMessage> {
    let read = events::in_either_form(body).into_iter().filter_map(understood);
    let messages: Vec<_> = read.flatten().collect();
    for message in &messages {
        let json = serde_json::from_slice::<&RawValue>(&message.body);
        assert!(json.is_ok(), "{json:?}: {}", String::from_utf8_lossy(&message.body));
        assert!(body.windows(message.body.len()).any(|part| part == message.body));
    }
    messages
}

/// What was read; or nothing, and then it is answered that the request is wrong, not the host.
fn understood<T>(read: Result<T, ApiError>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            assert!(error.status().is_client_error(), "{error}");
            assert!(error.into_response().status().is_client_error());
            None
        }
    }
}

#[cfg(test)]
#[path = "../../../../tests/fuzz/kept.rs"]
mod kept;

#[test]
fn what_the_fuzzer_kept_of_filters_holds() {
    kept::each("filter", |bytes| {
        let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
        let query = String::from_utf8_lossy(parts.next().unwrap_or_default());
        task_list(&query, parts.next().unwrap_or_default());
    });
}

#[test]
fn what_the_fuzzer_kept_of_messages_holds() {
    kept::each("message", |bytes| {
        messages(bytes);
    });
}
