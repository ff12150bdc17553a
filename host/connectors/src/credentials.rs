//! Who hinny is to a service.

use hinny_core::connector::ServiceResponse;
use reqwest::{Client, RequestBuilder};

use crate::{
    config::Auth,
    login::Login,
    target::Base,
    wire::{self, WireError},
};

/// Who hinny is to a service.
pub(crate) enum Credentials {
    Open,
    Bearer(String),
    Basic { username: String, password: String },
    Login(Login),
}

impl Credentials {
    pub(crate) fn new(auth: Auth) -> Self {
        match auth {
            Auth::Open => Self::Open,
            Auth::Bearer(token) => Self::Bearer(token),
            Auth::Basic { username, password } => Self::Basic { username, password },
            Auth::Login(flow) => Self::Login(Login::new(flow)),
        }
    }

    /// Makes one request with them. A token that is refused is renewed, once.
    pub(crate) async fn exchange(
        &self,
        http: &Client,
        base: &Base,
        request: impl Fn() -> RequestBuilder,
        bytes_max: u64,
    ) -> Result<ServiceResponse, WireError> {
        let shown = match self {
            Self::Open => return wire::exchange(request(), bytes_max).await,
            Self::Bearer(token) => request().bearer_auth(token),
            Self::Basic { username, password } => request().basic_auth(username, Some(password)),
            Self::Login(login) => {
                let token = login.token(http, base, None).await?;
                let answer = wire::exchange(request().bearer_auth(&token.text), bytes_max).await?;
                if !wire::is_unauthorised(&answer) {
                    return Ok(answer);
                }
                let token = login.token(http, base, Some(&token)).await?;
                request().bearer_auth(&token.text)
            }
        };
        let answer = wire::exchange(shown, bytes_max).await?;
        if wire::is_unauthorised(&answer) {
            let why = "it refuses the credentials with 401; hint: check `auth` of the service";
            return Err(WireError::Broken(why.to_owned()));
        }
        Ok(answer)
    }
}
