//! Questions of a plugin to services that the operator configured and granted.

use std::sync::Arc;

use futures::{StreamExt, stream};
use hinny_core::{
    connector::{ConnectorError, Connectors, Method, ServiceRequest, ServiceResponse},
    plugin::Slot,
};

use super::Guest;
use crate::{bindings::scheduler::hinny::plugin::connector as wit, text};

/// Most questions in one call; part of the contract in `wit/connector.wit`.
const QUESTIONS: usize = 1_000;

/// How many questions of one `send-all` are on their way at a time; a service may allow fewer.
const AT_ONCE: usize = 64;

/// Longest text of an error, in bytes.
const ERROR_BYTES: usize = 1_000;

type Answer = Result<wit::Response, wit::ConnectorError>;

/// A question that may be sent, and to whom.
struct Question {
    connectors: Arc<dyn Connectors>,
    slot: Slot,
    request: ServiceRequest,
}

impl Guest {
    /// Counts a question, and checks whether it may be asked at all.
    fn question(&mut self, request: wit::Request) -> Result<Question, wit::ConnectorError> {
        self.questions = self.questions.saturating_add(1);
        if self.questions > QUESTIONS {
            let why = format!("more than {QUESTIONS} questions are asked in one call");
            return Err(wit::ConnectorError::BadRequest(why));
        }
        let bytes = request.body.as_ref().map_or(0, String::len);
        let most = self.host.limits.answer_bytes();
        if bytes > most {
            let why = format!(
                "the body has {bytes} bytes, at most {most} are allowed; hint: send less at a time, or raise `plugins.limits.answer_mb`"
            );
            return Err(wit::ConnectorError::BadRequest(why));
        }
        let Some(services) = &self.services else {
            let why = "the plugin is being verified".to_owned();
            return Err(wit::ConnectorError::Unavailable(why));
        };
        if !services.granted.contains(&request.service) {
            return Err(wit::ConnectorError::UnknownService(not_granted(
                &services.slot,
                &request.service,
                &services.granted,
            )));
        }
        Ok(Question {
            connectors: Arc::clone(&services.connectors),
            slot: services.slot.clone(),
            request: lifted(request),
        })
    }
}

impl wit::Host for Guest {
    async fn send(&mut self, request: wit::Request) -> Answer {
        self.question(request)?.ask().await
    }

    async fn send_all(&mut self, requests: Vec<wit::Request>) -> Vec<Answer> {
        let questions: Vec<_> =
            requests.into_iter().map(|request| self.question(request)).collect();
        let answers = stream::iter(questions).map(async |question| question?.ask().await);
        let mut room = Room::new(self.host.limits.memory_bytes());
        let answers = answers.buffered(AT_ONCE).map(|answer| room.take(answer));
        answers.collect().await
    }
}

impl Question {
    async fn ask(self) -> Answer {
        let answer = self.connectors.send(&self.slot, self.request).await;
        answer.map(lowered).map_err(|error| refused(&error))
    }
}

/// What the answers of one `send-all` may weigh together: more than its memory, the plugin could
/// not take, and the host holds them all until then.
struct Room {
    left: usize,
    most: usize,
}

impl Room {
    fn new(most: usize) -> Self {
        Self { left: most, most }
    }

    fn take(&mut self, answer: Answer) -> Answer {
        let answer = answer?;
        match self.left.checked_sub(answer.body.len()) {
            Some(left) => {
                self.left = left;
                Ok(answer)
            }
            None => Err(wit::ConnectorError::TooLarge(format!(
                "the answers of one `send-all` have more than {} bytes; hint: ask less at a time, or raise `plugins.limits.memory_mb`",
                self.most
            ))),
        }
    }
}

fn not_granted(slot: &Slot, service: &str, granted: &[String]) -> String {
    let service = text::shown(service, 64);
    let granted = match granted {
        [] => "none".to_owned(),
        some => some.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    format!(
        "service `{service}` is not granted to `{slot}`, granted are: {granted}; hint: name it in `plugin_grants.connector` of the scheduler"
    )
}

fn lifted(request: wit::Request) -> ServiceRequest {
    let wit::Request { service, method, path, query, body } = request;
    let method = match method {
        wit::Method::Get => Method::Get,
        wit::Method::Post => Method::Post,
        wit::Method::Put => Method::Put,
        wit::Method::Patch => Method::Patch,
        wit::Method::Delete => Method::Delete,
    };
    ServiceRequest { service, method, path, query, body }
}

fn lowered(response: ServiceResponse) -> wit::Response {
    let ServiceResponse { status, content_type, body } = response;
    wit::Response { status, content_type, body }
}

fn refused(error: &ConnectorError) -> wit::ConnectorError {
    let why = text::shown(&error.to_string(), ERROR_BYTES);
    match error {
        ConnectorError::UnknownService { .. } => wit::ConnectorError::UnknownService(why),
        ConnectorError::BadRequest { .. } => wit::ConnectorError::BadRequest(why),
        ConnectorError::Unavailable { .. } => wit::ConnectorError::Unavailable(why),
        ConnectorError::TooLarge { .. } => wit::ConnectorError::TooLarge(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> wit::Response {
        wit::Response { status: 200, content_type: String::new(), body: vec![0; bytes] }
    }

    #[test]
    fn the_answers_of_one_question_list_share_one_limit() {
        let mut room = Room::new(10);
        assert!(room.take(Ok(answer(6))).is_ok());
        let refused = room.take(Ok(answer(5))).unwrap_err();
        let wit::ConnectorError::TooLarge(why) = refused else { panic!("{refused:?}") };
        assert!(why.starts_with("the answers of one `send-all` have more than 10 bytes"), "{why}");
        assert!(room.take(Ok(answer(4))).is_ok(), "a smaller one still fits");
    }
}
