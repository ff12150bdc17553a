//! Services that a test plays.

use std::{collections::BTreeMap, rc::Rc};

use super::{FakeHost, WORLD};
use crate::{
    bindings::scheduler::hinny::plugin::connector::Response as Wire,
    connector::{ConnectorError, Request, Response},
};

/// Most questions in one call of the plugin.
const QUESTIONS_MAX: usize = 1000;

type Service = Rc<dyn Fn(&Request) -> Result<Response, ConnectorError>>;

/// The services, and what they were asked.
#[derive(Default)]
pub(super) struct Services {
    known: BTreeMap<String, Service>,
    requests: Vec<Request>,
    /// Where the requests of the current call begin.
    call_start: usize,
}

impl FakeHost {
    /// Plays a service: what it answers to each question.
    ///
    /// ```
    /// use hinny_plugin::{connector::{self, Response}, testing::FakeHost};
    ///
    /// FakeHost::answer("catalogue", |request| match request.path.as_str() {
    ///     "/health" => Ok(Response::new(200, r#"{"healthy": true}"#)),
    ///     _ => Ok(Response::new(404, "{}")),
    /// });
    /// assert_eq!(connector::get("catalogue", "/").send().unwrap().status, 404);
    /// ```
    pub fn answer(
        service: impl Into<String>,
        answer: impl Fn(&Request) -> Result<Response, ConnectorError> + 'static,
    ) {
        let service = service.into();
        WORLD.with_borrow_mut(|world| world.services.known.insert(service, Rc::new(answer)));
    }

    /// Plays a service that cannot be asked now.
    pub fn service_down(service: impl Into<String>) {
        let service = service.into();
        let why = format!("service `{service}` cannot be asked now: it is down");
        Self::answer(service, move |_| Err(ConnectorError::Unavailable(why.clone())));
    }

    /// What the plugin asked of services so far, in order.
    pub fn requests() -> Vec<Request> {
        WORLD.with_borrow(|world| world.services.requests.clone())
    }

    pub(crate) fn send(request: &Request) -> Result<Wire, ConnectorError> {
        // The service is called outside of the borrow: it may look at the host, too.
        let service = WORLD.with_borrow_mut(|world| world.services.ask(request))?;
        service(request).map(Response::into_wire)
    }

    pub(crate) fn send_all(requests: &[Request]) -> Vec<Result<Wire, ConnectorError>> {
        requests.iter().map(Self::send).collect()
    }
}

impl Services {
    pub(super) fn begin_call(&mut self) {
        self.call_start = self.requests.len();
    }

    fn ask(&mut self, request: &Request) -> Result<Service, ConnectorError> {
        let asked = self.requests.len() - self.call_start;
        if asked >= QUESTIONS_MAX {
            let why = format!("more than {QUESTIONS_MAX} questions are asked in one call");
            return Err(ConnectorError::BadRequest(why));
        }
        check_path(request)?;
        let Some(service) = self.known.get(&request.service) else {
            let why =
                format!("no service `{}` in this test; hint: `FakeHost::answer`", request.service);
            return Err(ConnectorError::UnknownService(why));
        };
        self.requests.push(request.clone());
        Ok(Rc::clone(service))
    }
}

/// The host refuses a path that could lead elsewhere.
fn check_path(request: &Request) -> Result<(), ConnectorError> {
    let path = &request.path;
    let printable = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\".contains(&byte));
    let dotted = path.split('/').any(|part| {
        let part = part.to_ascii_lowercase().replace("%2e", ".");
        part == "." || part == ".."
    });
    if path.starts_with('/') && printable && !dotted {
        return Ok(());
    }
    let why = format!(
        "the path `{}` is not taken; hint: begin with `/`, encode text with `connector::segment`, and leave out `.` and `..`",
        path.escape_debug()
    );
    Err(ConnectorError::BadRequest(why))
}
