//! One service, and a question on its way there and back.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use hinny_core::connector::{ConnectorError, Method, ServiceRequest, ServiceResponse};
use reqwest::{Client, RequestBuilder, Url, redirect};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tracing::{info, warn};

use crate::{
    breaker::{Breaker, Pass},
    cache::Answers,
    config::{Retrying, ServiceConfig},
    credentials::Credentials,
    target::Base,
    wire::{self, WireError},
};

/// Most redirects that are followed, all of them within the service.
const REDIRECTS_MAX: usize = 5;

/// One service.
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) base: Base,
    pub(crate) health_path: Option<String>,
    http: Client,
    credentials: Credentials,
    timeout: Duration,
    connections: Semaphore,
    connections_max: usize,
    retrying: Retrying,
    breaker: Breaker,
    answers: Option<Answers>,
    answer_bytes_max: u64,
}

/// Why a service cannot be set up.
pub(crate) enum Unusable {
    Address(String),
    Client(reqwest::Error),
}

impl Service {
    pub(crate) fn new(config: ServiceConfig, user_agent: &str) -> Result<Self, Unusable> {
        let base = Base::parse(&config.url).map_err(Unusable::Address)?;
        let http = Client::builder()
            .user_agent(user_agent)
            .connect_timeout(config.timeout)
            .pool_max_idle_per_host(config.connections_max)
            // Services are the operator's: what the environment says of proxies is for browsers.
            .no_proxy()
            .redirect(within(base.clone()))
            .build()
            .map_err(Unusable::Client)?;
        Ok(Self {
            name: config.name,
            base,
            health_path: config.health_path,
            http,
            credentials: Credentials::new(config.auth),
            timeout: config.timeout,
            connections: Semaphore::new(config.connections_max),
            connections_max: config.connections_max,
            retrying: config.retrying,
            breaker: Breaker::new(config.breaking),
            answers: config.caching.map(Answers::new),
            answer_bytes_max: config.answer_bytes_max,
        })
    }

    /// Asks, or answers from what is kept.
    pub(crate) async fn send(
        &self,
        request: ServiceRequest,
    ) -> Result<ServiceResponse, ConnectorError> {
        let url = self.base.of(&request)?;
        match &self.answers {
            Some(answers) if request.method == Method::Get && request.body.is_none() => {
                let key = url.as_str().to_owned();
                answers.get(key, self.ask(url, &request)).await
            }
            _ => self.ask(url, &request).await,
        }
    }

    /// Asks once, with no retry and whatever the breaker says: to learn how the service is.
    pub(crate) async fn look(&self, path: &str) -> Result<ServiceResponse, String> {
        let url = self.base.join(path)?;
        self.exchange(&|| self.http.get(url.clone())).await.map_err(|error| self.why(&error))
    }

    async fn ask(
        &self,
        url: Url,
        request: &ServiceRequest,
    ) -> Result<ServiceResponse, ConnectorError> {
        let pass = self.breaker.admit(Instant::now()).map_err(|left| {
            self.unavailable(format!(
                "it failed again and again, and is left alone for another {} ms",
                left.as_millis()
            ))
        })?;
        let answer = match timeout(self.timeout, self.try_all(url, request)).await {
            Ok(answer) => answer,
            Err(_) => Err(WireError::Broken(self.late())),
        };
        self.judge(pass, &answer);
        answer.map_err(|error| self.explain(&error))
    }

    /// Tries until there is an answer, as often as is allowed.
    async fn try_all(
        &self,
        url: Url,
        request: &ServiceRequest,
    ) -> Result<ServiceResponse, WireError> {
        // Closed is never: the semaphore lives as long as the service.
        let _connection = self.connections.acquire().await.ok();
        let made = || {
            let made = self.http.request(wire::method(request.method), url.clone());
            match &request.body {
                Some(json) => made
                    .header(reqwest::header::CONTENT_TYPE, "application/json")
                    .body(json.clone()),
                None => made,
            }
        };
        let safe = is_safe_to_repeat(request.method);
        (|| self.exchange(&made))
            .retry(waits(&self.retrying))
            .when(|error| match error {
                WireError::Unreached(_) => true,
                WireError::Broken(_) => safe,
                WireError::TooLarge | WireError::Unsendable(_) => false,
            })
            .await
    }

    async fn exchange(
        &self,
        request: &impl Fn() -> RequestBuilder,
    ) -> Result<ServiceResponse, WireError> {
        let most = self.answer_bytes_max;
        self.credentials.exchange(&self.http, &self.base, request, most).await
    }

    /// What a question says about the service. One that answers works, whatever it answers: 500 may
    /// be about the question. But 502, 503 and 504 say that nobody is there to answer.
    fn judge(&self, pass: Pass<'_>, answer: &Result<ServiceResponse, WireError>) {
        let works = match answer {
            Ok(answer) => !matches!(answer.status, 502..=504),
            Err(WireError::TooLarge | WireError::Unsendable(_)) => true,
            Err(WireError::Unreached(_) | WireError::Broken(_)) => false,
        };
        let service = &self.name;
        if works {
            if pass.worked() {
                info!(service, "service `{service}` works again");
            }
        } else if pass.failed(Instant::now()) {
            let why = match answer {
                Ok(answer) => format!("it answers {}", answer.status),
                Err(error) => self.why(error),
            };
            warn!(service, "service `{service}` is left alone for a while: {why}");
        }
    }

    fn explain(&self, error: &WireError) -> ConnectorError {
        let service = self.name.clone();
        match error {
            WireError::TooLarge => ConnectorError::TooLarge { service, max: self.answer_bytes_max },
            WireError::Unsendable(why) => ConnectorError::BadRequest { service, why: why.clone() },
            WireError::Unreached(_) | WireError::Broken(_) => self.unavailable(self.why(error)),
        }
    }

    fn why(&self, error: &WireError) -> String {
        match error {
            WireError::Unreached(why) => format!("it cannot be reached: {why}"),
            WireError::Broken(why) | WireError::Unsendable(why) => why.clone(),
            WireError::TooLarge => {
                format!("its answer has more than {} bytes", self.answer_bytes_max)
            }
        }
    }

    fn late(&self) -> String {
        let waited = self.timeout.as_millis();
        if self.connections.available_permits() == 0 {
            return format!(
                "no answer within {waited} ms, with all {} connections in use; hint: raise `connections_max` of the service, if it can take more",
                self.connections_max
            );
        }
        format!("no answer within {waited} ms; hint: raise `timeout_seconds` of the service")
    }

    fn unavailable(&self, why: String) -> ConnectorError {
        ConnectorError::Unavailable { service: self.name.clone(), why }
    }
}

/// A request that may be made twice: the second one changes nothing more.
fn is_safe_to_repeat(method: Method) -> bool {
    matches!(method, Method::Get | Method::Put | Method::Delete)
}

fn waits(retrying: &Retrying) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(retrying.first)
        .with_max_delay(retrying.longest)
        .with_max_times(retrying.attempts_max.saturating_sub(1) as usize)
        .with_jitter()
}

/// Follows redirects within the service; another address gets neither question nor credentials.
fn within(base: Base) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() <= REDIRECTS_MAX && base.is_origin_of(attempt.url()) {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}
