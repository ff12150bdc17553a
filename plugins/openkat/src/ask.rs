//! Questions to OpenKAT's services, and their answers.
//!
//! One that is not answered as it should be never ends anything: the message that needed the answer
//! is kept, and tried again.

use hinny_plugin::{
    connector::{self, ConnectorError, Request, Response},
    scheduler::Failure,
};
use serde::de::DeserializeOwned;

/// What came back.
pub type Answer = Result<Response, ConnectorError>;

/// Asks a service for what is at a path of some segments, whatever is in them.
pub fn get(service: &str, segments: &[&str]) -> Request {
    let path = segments.iter().map(|segment| format!("/{}", connector::segment(segment)));
    connector::get(service, path.collect::<String>())
}

/// What an answer says; nothing when the service does not know what it was asked for (404).
pub fn read<T: DeserializeOwned>(answer: Answer) -> Result<Option<T>, Failure> {
    let found = answer?.found()?;
    Ok(found.map(|response| response.json()).transpose()?)
}
