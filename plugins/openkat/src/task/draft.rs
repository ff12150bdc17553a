//! Which id a pushed task gets, and which data.

use hinny_plugin::scheduler::{Draft, Rejection};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{BoefjeTask, NormalizerTask};

/// Data that names its own task.
pub trait Identified: DeserializeOwned {
    /// The id that it names.
    fn id(&self) -> Option<Uuid>;

    /// The data with another id, as a JSON document with all that may be left out.
    fn rendered_with(self, id: Uuid) -> String;
}

impl Identified for BoefjeTask {
    fn id(&self) -> Option<Uuid> {
        self.id
    }

    fn rendered_with(self, id: Uuid) -> String {
        Self { id: Some(id), ..self }.render()
    }
}

impl Identified for NormalizerTask {
    fn id(&self) -> Option<Uuid> {
        self.id
    }

    fn rendered_with(self, id: Uuid) -> String {
        Self { id: Some(id), ..self }.render()
    }
}

/// Id and data of a pushed task. When the id that was sent is the one in the data, both stay as
/// they were sent, to the byte; else a fresh id is put in both, and the data is rendered anew.
pub fn settle(draft: &Draft, data: impl Identified) -> Result<(String, String), Rejection> {
    let sent = draft.sent_id.as_deref().map(parse).transpose()?;
    match sent {
        Some(id) if data.id() == Some(id) => Ok((id.to_string(), draft.data.clone())),
        _ => {
            let fresh = parse(&draft.fresh_id)?;
            Ok((fresh.to_string(), data.rendered_with(fresh)))
        }
    }
}

fn parse(id: &str) -> Result<Uuid, Rejection> {
    id.parse().map_err(|_| Rejection::new(format!("`id` is {id:?}, expected a UUID")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "11111111-1111-4111-8111-111111111109";
    const FRESH: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn settled(sent_id: Option<&str>, in_data: &str) -> (String, String) {
        let draft = Draft {
            sent_id: sent_id.map(str::to_owned),
            fresh_id: FRESH.to_owned(),
            organisation: "org-1".to_owned(),
            priority: Some(1),
            data: format!(
                r#"{{"id": {in_data}, "type": "boefje", "organization": "org-1", "boefje": {{"id": "b"}}}}"#
            ),
        };
        settle(&draft, draft.json::<BoefjeTask>().unwrap()).unwrap()
    }

    #[test]
    fn data_stays_as_it_was_sent_when_it_names_the_id_that_was_sent() {
        for in_data in [format!("{SENT:?}"), format!("{:?}", SENT.replace('-', ""))] {
            let (id, data) = settled(Some(SENT), &in_data);
            assert_eq!(id, SENT);
            assert!(data.contains(r#""type": "boefje""#), "{data}");
        }
    }

    #[test]
    fn else_both_get_a_fresh_id_and_the_data_is_rendered_anew() {
        for (sent_id, in_data) in [
            (None, "null"),
            (Some(SENT), "null"),
            (None, r#""11111111-1111-4111-8111-111111111109""#),
        ] {
            let (id, data) = settled(sent_id, in_data);
            assert_eq!(id, FRESH);
            assert!(data.starts_with(&format!(r#"{{"id":"{FRESH}","boefje""#)), "{data}");
            assert!(!data.contains("type"), "{data}");
        }
    }
}
