//! Data and messages as JSON; errors say where.

use serde::de::DeserializeOwned;

use super::{Draft, DueSchedule, Failure, FinishedTask, Message, Rejection};

impl Draft {
    /// The data, typed.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        serde_json::from_str(&self.data).map_err(|error| Rejection::new(format!("data: {error}")))
    }
}

impl Message {
    /// The body, typed. What does not fit is a reason to reject the message: the text says what,
    /// and in which line and column.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::reject(format!("the body is not as expected: {error}")))
    }
}

impl DueSchedule {
    /// The data, typed.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.data).map_err(|error| {
            Failure::reject(format!("data of schedule `{}` is not as expected: {error}", self.hash))
        })
    }
}

impl FinishedTask {
    /// The data, typed.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.data).map_err(|error| {
            Failure::reject(format!("data of task `{}` is not as expected: {error}", self.id))
        })
    }
}
