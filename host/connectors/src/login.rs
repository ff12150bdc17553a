//! Tokens that a service gives for a name and a password.

use std::sync::{Arc, PoisonError, RwLock};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{
    config::{LoginFlow, LoginFormat},
    target::Base,
    wire::{self, WireError},
};

/// Longest answer to a log-in, in bytes.
const ANSWER_BYTES_MAX: u64 = 65_536;

/// Logs in when there is no token, or the service takes it no more.
pub(crate) struct Login {
    flow: LoginFlow,
    token: RwLock<Option<Token>>,
    /// One log-in at a time: whoever waited for another one uses its token.
    turn: Mutex<()>,
}

/// A token, and how many there were before it.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) text: Arc<str>,
    number: u64,
}

impl Login {
    pub(crate) fn new(flow: LoginFlow) -> Self {
        Self { flow, token: RwLock::default(), turn: Mutex::default() }
    }

    /// A token that is not the one which was refused.
    pub(crate) async fn token(
        &self,
        http: &Client,
        base: &Base,
        refused: Option<&Token>,
    ) -> Result<Token, WireError> {
        if let Some(token) = self.other_than(refused) {
            return Ok(token);
        }
        let _turn = self.turn.lock().await;
        if let Some(token) = self.other_than(refused) {
            return Ok(token);
        }
        let text = self.log_in(http, base).await?.into();
        let number = refused.map_or(0, |refused| refused.number + 1);
        let token = Token { text, number };
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    fn other_than(&self, refused: Option<&Token>) -> Option<Token> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        (refused.map(|refused| refused.number) != Some(token.number)).then_some(token)
    }

    async fn log_in(&self, http: &Client, base: &Base) -> Result<String, WireError> {
        let LoginFlow { path, format, username, password, token } = &self.flow;
        let url = base.join(path).map_err(WireError::Unsendable)?;
        let request = match format {
            LoginFormat::Form => {
                http.post(url).form(&[("username", username), ("password", password)])
            }
            LoginFormat::Json => {
                http.post(url).json(&json!({"username": username, "password": password}))
            }
        };
        let answer = wire::exchange(request, ANSWER_BYTES_MAX).await?;
        if !(200..300).contains(&answer.status) {
            return Err(WireError::Broken(format!(
                "the log-in at `{path}` is answered with {}; hint: check its `username` and `password`",
                answer.status
            )));
        }
        let found: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let found = found.as_ref().and_then(|found| found.pointer(token)).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| {
            WireError::Broken(format!(
                "the answer to the log-in at `{path}` has no text at `{token}`; hint: check its `login_token`"
            ))
        })
    }
}
