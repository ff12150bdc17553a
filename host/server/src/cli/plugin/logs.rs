//! `hinny plugin logs`: what plugins wrote, from a running host.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use futures::{TryStreamExt, stream::FuturesUnordered};
use hinny_core::plugin::{Slot, World};
use serde_json::{Value, json};

use crate::cli::{
    client::{Client, ClientArgs},
    output::{self, Format},
};

/// How long one request waits for a line, in seconds. The host allows 60.
const WAIT_SECONDS: u32 = 30;

/// How many lines are asked for at a time while they are followed.
const FOLLOWED: u32 = 1_000;

/// Show what plugins wrote, oldest first
///
/// The host keeps the last thousand lines of each slot, whatever its own log shows. Only scheduler
/// plugins write lines: rankers can only compute.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The slot, such as `jobs/scheduler`; all of them when it is left out
    slot: Option<Slot>,
    /// Go on with what comes, until it is interrupted
    #[arg(short, long)]
    follow: bool,
    /// How many lines to show of each slot to begin with (at most 1000)
    #[arg(short = 'n', long = "lines", value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
    /// Only lines of this level and louder ones
    #[arg(short, long, value_name = "LEVEL", default_value = "trace")]
    level: Level,
    #[command(flatten)]
    client: ClientArgs,
}

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Logs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let slots = match &self.slot {
            Some(slot) => vec![slot.clone()],
            None => scheduler_slots(&client).await?,
        };
        let mut last = BTreeMap::new();
        let mut first = Vec::new();
        for slot in slots {
            let answer = ask(&client, &slot, &[("limit", self.limit.to_string())]).await?;
            last.insert(slot.clone(), number(&answer, "last"));
            first.extend(lines(&slot, &answer));
        }
        first.sort_by_cached_key(|line| text(line, "at").to_owned());
        self.show(&first)?;
        if self.follow { self.follow(&client, last).await } else { Ok(()) }
    }

    /// Asks each slot for what comes next, for as long as the host answers.
    async fn follow(&self, client: &Client, last: BTreeMap<Slot, u64>) -> anyhow::Result<()> {
        let next = async |slot: Slot, after: u64| {
            let query = [
                ("after", after.to_string()),
                ("wait", WAIT_SECONDS.to_string()),
                ("limit", FOLLOWED.to_string()),
            ];
            let answer = ask(client, &slot, &query).await?;
            anyhow::Ok((slot, answer))
        };
        let mut waiting: FuturesUnordered<_> =
            last.into_iter().map(|(slot, after)| next(slot, after)).collect();
        while let Some((slot, answer)) = waiting.try_next().await? {
            let gone = number(&answer, "gone");
            if gone > 0 {
                eprintln!("{gone} lines of `{slot}` were gone before they could be shown");
            }
            self.show(&lines(&slot, &answer))?;
            waiting.push(next(slot, number(&answer, "last")));
        }
        Ok(())
    }

    fn show(&self, lines: &[Value]) -> anyhow::Result<()> {
        let loud = lines.iter().filter(|line| level(line) >= self.level);
        let shown: String = match self.client.output {
            // A line each, so that programs can follow, too.
            Format::Json => loud.fold(String::new(), |all, line| all + &line.to_string() + "\n"),
            Format::Table => loud.map(written).collect(),
        };
        Ok(output::print(&shown)?)
    }
}

/// The slots whose plugins can write lines.
async fn scheduler_slots(client: &Client) -> anyhow::Result<Vec<Slot>> {
    let answer = client.send(client.get(&["slots"])).await?;
    let all = answer.as_array().into_iter().flatten();
    let slots = all.filter_map(|slot| slot.get("slot")?.as_str()?.parse::<Slot>().ok());
    Ok(slots.filter(|slot| slot.world == World::Scheduler).collect())
}

async fn ask(client: &Client, slot: &Slot, query: &[(&str, String)]) -> anyhow::Result<Value> {
    let path = ["slots", slot.scheduler.as_str(), slot.world.as_str(), "lines"];
    client.send(client.get(&path).query(query)).await
}

/// The lines of an answer, each with its slot.
fn lines(slot: &Slot, answer: &Value) -> Vec<Value> {
    let lines = answer.get("lines").and_then(Value::as_array).cloned().unwrap_or_default();
    let with_slot = |mut line: Value| {
        if let Value::Object(fields) = &mut line {
            fields.insert("slot".to_owned(), json!(slot.to_string()));
        }
        line
    };
    lines.into_iter().map(with_slot).collect()
}

fn level(line: &Value) -> Level {
    Level::from_str(text(line, "level"), true).unwrap_or(Level::Error)
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(answer: &Value, name: &str) -> u64 {
    answer.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A line for people: when, how loud, who in which generation and call, what.
fn written(line: &Value) -> String {
    let generation = line
        .get("generation")
        .and_then(Value::as_u64)
        .map_or_else(|| "-".to_owned(), |number| number.to_string());
    let digest: String = text(line, "digest").chars().take("sha256:".len() + 8).collect();
    format!(
        "{at} {level:<5} {slot} #{generation} {digest} {function}: {said}\n",
        at = text(line, "at"),
        level = text(line, "level").to_uppercase(),
        slot = text(line, "slot"),
        function = text(line, "function"),
        said = text(line, "text"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_when_how_loud_who_in_which_call_and_what() {
        let answer = json!({"lines": [{
            "number": 8, "at": "2026-01-31T12:00:00Z", "level": "warn", "generation": 3,
            "digest": "sha256:0123456789abcdef", "function": "handle", "text": "no such host",
        }], "last": 8, "gone": 0});
        let slot = "jobs/scheduler".parse().unwrap();
        let lines = lines(&slot, &answer);
        assert_eq!(
            written(&lines[0]),
            "2026-01-31T12:00:00Z WARN  jobs/scheduler #3 sha256:01234567 handle: no such host\n"
        );
        assert_eq!(level(&lines[0]), Level::Warn);
    }
}
