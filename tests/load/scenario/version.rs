//! Versions of a ranker, and activating them.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{client::Client, target::Target};

/// How long a slot may be busy with another switch.
const BUSY_MAX: Duration = Duration::from_secs(30);

/// A version to activate, and its settings.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    plugin: String,
    settings: Option<Value>,
}

/// Reads `PLUGIN` or `PLUGIN={"setting": …}`; the plugin is a digest, a name, or `name@version`.
impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((plugin, settings)) = text.split_once('=') else {
            return Ok(Self { plugin: text.to_owned(), settings: None });
        };
        let settings = serde_json::from_str(settings)
            .map_err(|error| format!("settings of `{plugin}` are not JSON: {error}"))?;
        Ok(Self { plugin: plugin.to_owned(), settings: Some(settings) })
    }
}

/// What the host says of an activation.
#[derive(Debug, Deserialize)]
struct Activation {
    generation: u64,
}

/// An activation that was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Activated {
    /// Its number.
    pub(crate) generation: u64,
    /// How long the answer took, in milliseconds.
    pub(crate) took_ms: f64,
}

impl Version {
    /// Makes it the active ranker; `None` when the host refuses the version.
    pub(crate) async fn activate(
        &self,
        target: &Target,
        client: &mut Client,
    ) -> anyhow::Result<Option<Activated>> {
        let path = format!("/slots/{}/ranker/activate", target.scheduler);
        let mut body = json!({ "plugin": self.plugin });
        if let (Some(settings), Some(fields)) = (&self.settings, body.as_object_mut()) {
            fields.insert("settings".to_owned(), settings.clone());
        }
        let since = Instant::now();
        loop {
            let began = Instant::now();
            let answer = client.send(Method::POST, &path, Some(body.to_string().into())).await?;
            let took_ms = began.elapsed().as_secs_f64() * 1000.0;
            match answer.status {
                200 | 201 => {
                    let Activation { generation } = serde_json::from_slice(&answer.body)
                        .context("an activation answered no generation")?;
                    return Ok(Some(Activated { generation, took_ms }));
                }
                422 => return Ok(None),
                409 if since.elapsed() < BUSY_MAX => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                _ => {
                    answer.expect(200)?;
                    bail!("unexpected answer to an activation");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_follow_the_plugin() {
        let version: Version = r#"rank-x@1.0.0={"a": 1}"#.parse().unwrap();
        assert_eq!(
            (version.plugin.as_str(), version.settings),
            ("rank-x@1.0.0", Some(json!({"a": 1})))
        );
        assert!("rank-x".parse::<Version>().unwrap().settings.is_none());
        assert!("rank-x={".parse::<Version>().is_err());
    }
}
