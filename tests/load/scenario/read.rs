//! Reads, while nothing else goes on.

use std::{sync::Arc, time::Instant};

use clap::Args;

use super::shift::{Shift, Whistle, begin, end};
use crate::{client::Client, outcome::Outcome, target::Target};

/// Ask for something again and again.
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// What: a path with its query, from `/` on. Several are asked for in turn.
    #[arg(long, required = true)]
    path: Vec<String>,
    /// What goes with the question; without it, nothing does. With it, it is posted.
    #[arg(long)]
    body: Option<String>,
    /// For how long.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

impl Read {
    /// Does it. Every answer must be 200.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let (paths, whistle) = (Arc::new(self.path.clone()), Whistle::default());
        let body = self.body.clone().map(String::into_bytes);
        let began = Instant::now();
        let shifts = begin(target, target.connections, |client| {
            read_until(client, Arc::clone(&paths), body.clone(), whistle.clone())
        })
        .await?;
        whistle.blow_after(self.seconds).await;
        let mut shift = end(shifts).await?;
        let rate = shift.timing.len() as f64 / began.elapsed().as_secs_f64();
        Ok(Outcome::new("read", 0, 0.0, &mut shift.timing)
            .with("requests per second", rate)
            .violated_by(shift.failures))
    }
}

async fn read_until(
    mut client: Client,
    paths: Arc<Vec<String>>,
    body: Option<Vec<u8>>,
    whistle: Whistle,
) -> Shift {
    let mut shift = Shift::default();
    for path in paths.iter().cycle() {
        if whistle.blown() || shift.is_hopeless() {
            break;
        }
        match &body {
            Some(body) => shift.call(&mut client, path, Some(body.clone()), 200).await,
            None => shift.get(&mut client, path).await,
        };
    }
    shift
}
