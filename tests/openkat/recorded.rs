//! Every request that was recorded of mula, asked of hinny: the same answers, but for what is said.
//!
//! `recorded.json` has what mula answered. Where hinny answers otherwise on purpose, the step has
//! `hinny` with that answer and why. `HINNY_BLESS=1` writes down what hinny answers now.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use hinny_core::{TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::harness::OpenKat;

/// Fields that hinny tells beside those of mula. Its clients pass over what they do not know.
const MORE: [&str; 13] = [
    "attempt",
    "base_priority",
    "delayed",
    "finished_at",
    "generation",
    "is_partial_count",
    "lease_until",
    "missed",
    "ranked_by",
    "reason",
    "switching",
    "time_zone",
    "waiting",
];

/// Texts for people, which begin with those of mula and go on with more.
const TOLD: [&str; 2] = [".detail", ".msg"];

/// Where the recorded mula was.
const ADDRESS: &str = "127.0.0.1:8004";

/// Requests that follow each other, from an empty database on.
#[derive(Deserialize, Serialize)]
struct Scene {
    name: String,
    /// The limit of each queue; 0: none.
    tasks_max: u32,
    steps: Vec<Step>,
}

/// A request, and what mula answered.
#[derive(Deserialize, Serialize)]
struct Step {
    name: String,
    method: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// A document or a text; `null` stands for anything: a page for people, or a long one.
    answer: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<Asked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hinny: Option<Difference>,
}

/// What is asked of hinny, so that it does what mula did and later answers can be compared.
#[derive(Deserialize, Serialize)]
struct Asked {
    why: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// What hinny answers instead.
#[derive(Deserialize, Serialize)]
struct Difference {
    why: String,
    status: u16,
    answer: Value,
}

/// An answer of hinny.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

/// The ids of mula's recording, and those that hinny gave instead.
#[derive(Default)]
struct Ids(BTreeMap<String, String>);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_of_mula_is_answered_alike() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openkat/recorded.json");
    let mut scenes: Vec<Scene> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for scene in &mut scenes {
        wrong.extend(play(scene).await);
    }
    if std::env::var_os("HINNY_BLESS").is_some() {
        fs::write(&file, written(&scenes)).unwrap();
    }
    assert!(wrong.is_empty(), "{}\n{} answers differ", wrong.join("\n"), wrong.len());
}

/// Asks everything of a scene; the answer is what is not as it should be.
async fn play(scene: &mut Scene) -> Vec<String> {
    let kat = OpenKat::start_with(|config| {
        for scheduler in &mut config.schedulers {
            scheduler.tasks_max = scene.tasks_max.into();
        }
    })
    .await;
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let (client, address) = (client.build().unwrap(), kat.host.address().to_string());
    let (mut ids, mut wrong) = (Ids::default(), Vec::new());
    for step in &mut scene.steps {
        let answer = ask(&client, &address, step, &ids).await;
        let mut differs = step.differs(&answer, &mut ids);
        if std::env::var_os("HINNY_BLESS").is_some() && !differs.is_empty() {
            let why = step.hinny.take().map_or_else(String::new, |hinny| hinny.why);
            let (status, answer) = (answer.status, answer.body);
            step.hinny = Some(Difference { why, status, answer });
        }
        if step.hinny.as_ref().is_some_and(|hinny| hinny.why.is_empty()) {
            differs.push("`why` is empty".to_owned());
        }
        wrong.extend(differs.iter().map(|it| format!("{}, {}: {it}", scene.name, step.name)));
        // Nothing is created in the same moment as something else, as in the recording.
        kat.later(std::time::Duration::from_millis(1));
    }
    kat.host.stop().await;
    wrong
}

async fn ask(client: &reqwest::Client, address: &str, step: &Step, ids: &Ids) -> Answer {
    let (path, body) = match &step.asked {
        Some(asked) => (&asked.path, &asked.body),
        None => (&step.path, &step.body),
    };
    let url = format!("http://{address}{}", ids.translate(path));
    let mut request = client.request(step.method.parse().unwrap(), url);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(ids.translate(body));
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        let value = value.to_str().unwrap().replace(address, ADDRESS);
        (name.as_str().to_owned(), value)
    };
    let headers = answer.headers().iter().map(header).collect();
    let text = answer.text().await.unwrap().replace(address, ADDRESS);
    let body = serde_json::from_str(&text).unwrap_or_else(|_| json!(text.trim()));
    Answer { status, headers, body }
}

impl Step {
    /// How an answer is other than expected.
    fn differs(&self, answer: &Answer, ids: &mut Ids) -> Vec<String> {
        let (status, expected) = match &self.hinny {
            Some(hinny) => (hinny.status, &hinny.answer),
            None => (self.status, &self.answer),
        };
        let mut differs = Vec::new();
        if answer.status != status {
            differs.push(format!("status {}, not {status}", answer.status));
        }
        if !expected.is_null() {
            compare("answer", expected, &answer.body, ids, &mut differs);
        }
        if self.hinny.is_some() {
            let mut same = Vec::new();
            compare("answer", &self.answer, &answer.body, ids, &mut same);
            if answer.status == self.status && (self.answer.is_null() || same.is_empty()) {
                differs.push("`hinny` is not needed any more".to_owned());
            }
        } else {
            for (name, value) in &self.headers {
                let sent = answer.headers.get(name);
                let alike = sent.is_some_and(|sent| match name.as_str() {
                    // The same address, with or without the host.
                    "location" => value.ends_with(sent),
                    _ => header(value).is_subset(&header(sent)),
                });
                // An answer without content has no type.
                if !alike && answer.status != 204 {
                    differs.push(format!("header `{name}` is {sent:?}, not `{value}`"));
                }
            }
        }
        differs
    }
}

/// A header without what means nothing: the order of methods, the character set.
fn header(value: &str) -> BTreeSet<&str> {
    value.split(';').next().unwrap_or_default().split(',').map(str::trim).collect()
}

/// The metrics that a text has.
fn metrics(text: &str) -> BTreeSet<&str> {
    text.lines().filter(|line| line.starts_with("# TYPE ")).collect()
}

fn compare(place: &str, expected: &Value, found: &Value, ids: &mut Ids, differs: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            compare_fields(place, &hours(expected), &hours(found), ids, differs);
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{place}[{at}]"), expected, found, ids, differs);
            }
        }
        (Value::String(expected), Value::String(found)) if ids.alike(expected, found) => {}
        (Value::String(expected), Value::String(found))
            if TOLD.iter().any(|told| place.ends_with(told)) && found.starts_with(expected) => {}
        (Value::String(expected), Value::String(found)) if expected.starts_with("# HELP") => {
            for missing in metrics(expected).difference(&metrics(found)) {
                differs.push(format!("`{missing}` is missing"));
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => differs.push(format!("`{place}` is {found}, not {expected}")),
    }
}

fn compare_fields(
    place: &str,
    expected: &Map<String, Value>,
    found: &Map<String, Value>,
    ids: &mut Ids,
    differs: &mut Vec<String>,
) {
    for (name, expected) in expected {
        match found.get(name) {
            Some(found) => compare(&format!("{place}.{name}"), expected, found, ids, differs),
            // Of a mistake in a request, for programs; nobody reads it.
            None if name == "ctx" => {}
            None => differs.push(format!("`{place}.{name}` is missing")),
        }
    }
    let known = |name: &str| expected.contains_key(name) || MORE.contains(&name);
    for name in found.keys().filter(|name| !known(name)) {
        differs.push(format!("`{place}.{name}` is too much"));
    }
}

/// Keys that are hours of the recording, by their form.
fn hours(fields: &Map<String, Value>) -> Map<String, Value> {
    let form = |name: &String| {
        if moment(name) == Some("+00:00") { "an hour".to_owned() } else { name.clone() }
    };
    fields.iter().map(|(name, value)| (form(name), value.clone())).collect()
}

/// The offset of a moment, if a text is one.
fn moment(text: &str) -> Option<&str> {
    text.parse::<Timestamp>().ok()?;
    text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).into()
}

impl Ids {
    /// A text of the recording, with the ids that hinny gave.
    fn translate(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (id, ours)| text.replace(id, ours))
    }

    /// Whether two texts mean the same: an id or a moment may be another one.
    fn alike(&mut self, expected: &str, found: &str) -> bool {
        if is_id(expected) && is_id(found) {
            let ours = self.0.entry(expected.to_owned()).or_insert_with(|| found.to_owned());
            return ours == found;
        }
        // Moments that lie far off were sent, so they are told as they are.
        let sent = expected.starts_with("203");
        let moments = moment(expected).is_some() && moment(expected) == moment(found) && !sent;
        moments || self.translate(expected) == found
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.parse::<TaskId>().is_ok()
}

/// The file, with a line for each step.
fn written(scenes: &[Scene]) -> String {
    let scene = |scene: &Scene| {
        let line = |step| format!("  {}", serde_json::to_string(step).unwrap());
        let steps: Vec<_> = scene.steps.iter().map(line).collect();
        let name = json!(scene.name);
        let max = scene.tasks_max;
        format!(
            " {{\"name\": {name}, \"tasks_max\": {max}, \"steps\": [\n{}\n ]}}",
            steps.join(",\n")
        )
    };
    let scenes: Vec<_> = scenes.iter().map(scene).collect();
    format!("[\n{}\n]\n", scenes.join(",\n"))
}
