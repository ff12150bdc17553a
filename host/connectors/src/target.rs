//! Where a question goes: the address of a service and a path below it, never elsewhere.

use hinny_core::connector::{ConnectorError, ServiceRequest};
use reqwest::Url;

/// Longest address with path and query, in bytes: what servers commonly take.
const URL_BYTES_MAX: usize = 16_384;

/// The address of a service.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    url: Url,
    /// The address as text, without a slash at its end.
    text: String,
}

impl Base {
    /// Reads an address; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("its scheme is `{}`, expected `http` or `https`", url.scheme()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a query or a fragment, paths would not fit behind it".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a name or password in it, logs would show them".to_owned());
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, text })
    }

    /// Host and port, for a connection and nothing more.
    pub(crate) fn host_and_port(&self) -> Option<(String, u16)> {
        // Brackets are for addresses in URLs.
        let host = self.url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, self.url.port_or_known_default()?))
    }

    /// Whether an address is of the same service: scheme, host and port.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }

    /// The address of a question.
    pub(crate) fn of(&self, request: &ServiceRequest) -> Result<Url, ConnectorError> {
        let bad =
            |why: String| ConnectorError::BadRequest { service: request.service.clone(), why };
        let mut url = self.join(&request.path).map_err(&bad)?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let bytes = url.as_str().len();
        if bytes > URL_BYTES_MAX {
            return Err(bad(format!(
                "path and query have {bytes} bytes, at most {URL_BYTES_MAX} are allowed"
            )));
        }
        Ok(url)
    }

    /// Puts a path behind the address.
    pub(crate) fn join(&self, path: &str) -> Result<Url, String> {
        check(path)?;
        let url = Url::parse(&format!("{}{path}", self.text)).map_err(|error| error.to_string())?;
        // What `check` lets through cannot lead elsewhere; if that is ever wrong, it ends here.
        if self.is_origin_of(&url) && url.as_str().starts_with(&self.text) {
            return Ok(url);
        }
        Err(format!("the path `{}` leads elsewhere", shown(path)))
    }
}

fn check(path: &str) -> Result<(), String> {
    let printable = |byte: u8| byte.is_ascii_graphic() && !b"?#\\".contains(&byte);
    let why = if !path.starts_with('/') {
        "does not begin with `/`"
    } else if !path.bytes().all(printable) {
        "has characters that must be percent-encoded"
    } else if path.split('/').any(is_dots) {
        "has a segment `.` or `..`"
    } else {
        return Ok(());
    };
    Err(format!("the path `{}` {why}", shown(path)))
}

fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

fn shown(path: &str) -> String {
    path.chars().take(100).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use hinny_core::connector::Method;

    use super::*;

    fn base(text: &str) -> Base {
        Base::parse(text).unwrap()
    }

    fn asked(path: &str, query: &[(&str, &str)]) -> Result<String, String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let request = ServiceRequest {
            service: "store".to_owned(),
            method: Method::Get,
            path: path.to_owned(),
            query: query.iter().map(owned).collect(),
            body: None,
        };
        let url = base("http://store.example:8000/api/").of(&request);
        url.map(String::from).map_err(|error| error.to_string())
    }

    #[test]
    fn a_path_goes_behind_the_address_and_lists_are_repeated_keys() {
        assert_eq!(asked("/v1/a%20b", &[]).unwrap(), "http://store.example:8000/api/v1/a%20b");
        assert_eq!(
            asked("/v1", &[("kind", "a"), ("kind", "b&c"), ("of", "")]).unwrap(),
            "http://store.example:8000/api/v1?kind=a&kind=b%26c&of="
        );
        assert_eq!(base("http://a.example").join("/").unwrap().as_str(), "http://a.example/");
    }

    #[test]
    fn no_path_leads_elsewhere() {
        for path in [
            "v1",
            "@evil.example/",
            "",
            ":1/",
            "/../admin",
            "/v1/%2E%2e/admin",
            "/./x",
            "/a?b=c",
            "/a#b",
            "/a\\..\\b",
            "/a b",
            "/ä",
            "/a\r\nHost: evil.example",
            "/v1/.%2E",
        ] {
            let refused = asked(path, &[]).unwrap_err();
            assert!(refused.starts_with("the question to `store` cannot be sent"), "{refused}");
        }
        assert_eq!(
            asked("//evil.example/", &[]).unwrap(),
            "http://store.example:8000/api//evil.example/"
        );
    }

    #[test]
    fn a_question_of_endless_length_is_refused() {
        let refused = asked("/", &[("q", &"x".repeat(20_000))]).unwrap_err();
        assert!(refused.contains("at most 16384 are allowed"), "{refused}");
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_with_the_reason() {
        for (text, why) in [
            ("ftp://a.example", "scheme is `ftp`"),
            ("http://a.example/?x=1", "query"),
            ("http://me:secret@a.example/", "name or password"),
            ("nonsense", "relative URL"),
        ] {
            let refused = Base::parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
