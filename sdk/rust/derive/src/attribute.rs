//! The attribute of a field: `#[input(created_at)]`, `#[input("/level", default = 3)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Expr, Field, Ident, LitStr, Token,
    parse::{Parse, ParseStream},
};

use crate::field::Kind;

/// What a field says about itself.
pub(crate) struct InputAttribute {
    pub(crate) source: Source,
    pub(crate) default: Option<Expr>,
    pub(crate) name: Option<LitStr>,
}

/// Where an input comes from.
pub(crate) enum Source {
    WellKnown(Ident, &'static WellKnown),
    Pointer(LitStr),
}

/// An input that is not of the task's data.
pub(crate) struct WellKnown {
    name: &'static str,
    case: &'static str,
    pub(crate) kind: Kind,
}

const WELL_KNOWN: [WellKnown; 9] = [
    WellKnown { name: "created_at", case: "CreatedAt", kind: Kind::Integer },
    WellKnown { name: "wait", case: "Wait", kind: Kind::Integer },
    WellKnown { name: "base_priority", case: "BasePriority", kind: Kind::Integer },
    WellKnown { name: "attempts", case: "Attempts", kind: Kind::Integer },
    WellKnown { name: "organisation", case: "Organisation", kind: Kind::Text },
    WellKnown { name: "task_type", case: "TaskType", kind: Kind::Text },
    WellKnown { name: "last_run_at", case: "LastRunAt", kind: Kind::Integer },
    WellKnown { name: "last_run_status", case: "LastRunStatus", kind: Kind::Text },
    WellKnown { name: "last_run_duration", case: "LastRunDuration", kind: Kind::Integer },
];

impl InputAttribute {
    pub(crate) fn of(field: &Field) -> syn::Result<Self> {
        let is_input = |attribute: &&Attribute| attribute.path().is_ident("input");
        let mut found = field.attrs.iter().filter(is_input);
        match (found.next(), found.next()) {
            (Some(attribute), None) => attribute.parse_args(),
            (Some(_), Some(second)) => {
                Err(syn::Error::new_spanned(second, "a field is one input: one `#[input(…)]`"))
            }
            (None, _) => Err(syn::Error::new_spanned(
                field,
                "say where the input comes from: `#[input(created_at)]` or \
                 `#[input(\"/place/in/the/data\")]`",
            )),
        }
    }
}

impl Parse for InputAttribute {
    fn parse(stream: ParseStream<'_>) -> syn::Result<Self> {
        let mut attribute = Self { source: stream.parse()?, default: None, name: None };
        while !stream.is_empty() {
            stream.parse::<Token![,]>()?;
            if stream.is_empty() {
                break;
            }
            let key: Ident = stream.parse()?;
            stream.parse::<Token![=]>()?;
            if key == "default" {
                attribute.default = Some(stream.parse()?);
            } else if key == "name" {
                attribute.name = Some(stream.parse()?);
            } else {
                return Err(syn::Error::new(
                    key.span(),
                    "expected `default = …` or `name = \"…\"`",
                ));
            }
        }
        Ok(attribute)
    }
}

impl Parse for Source {
    fn parse(stream: ParseStream<'_>) -> syn::Result<Self> {
        if stream.peek(LitStr) {
            let pointer: LitStr = stream.parse()?;
            let text = pointer.value();
            if text.is_empty() || text.starts_with('/') {
                return Ok(Self::Pointer(pointer));
            }
            return Err(syn::Error::new(
                pointer.span(),
                format!("`{text}` is not a JSON pointer; did you mean `/{text}`?"),
            ));
        }
        let name: Ident = stream.parse()?;
        let found = WELL_KNOWN.iter().find(|known| name == known.name);
        let Some(known) = found else {
            let names: Vec<_> = WELL_KNOWN.iter().map(|known| known.name).collect();
            let message =
                format!("expected a JSON pointer in quotes, or one of {}", names.join(", "));
            return Err(syn::Error::new(name.span(), message));
        };
        Ok(Self::WellKnown(name, known))
    }
}

impl Source {
    /// The source on the wire.
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::WellKnown(name, known) => {
                let case = Ident::new(known.case, name.span());
                quote!(::hinny_plugin::ranker::InputSource::#case)
            }
            Self::Pointer(pointer) => quote!(
                ::hinny_plugin::ranker::InputSource::Pointer(
                    ::std::string::String::from(#pointer)
                )
            ),
        }
    }

    /// The type that it must have, if it has only one.
    pub(crate) fn fixed_kind(&self) -> Option<Kind> {
        match self {
            Self::WellKnown(_, known) => Some(known.kind),
            Self::Pointer(pointer) => pointer.value().is_empty().then_some(Kind::Text),
        }
    }
}
