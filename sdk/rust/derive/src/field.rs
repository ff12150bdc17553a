//! The type of a field: what kind of input it is, and whether it may be absent.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, PathArguments, Type, TypePath, spanned::Spanned};

/// The type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Float,
    Text,
    Flag,
}

/// The type of a field.
pub(crate) struct FieldType {
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

impl Kind {
    pub(crate) fn rust_type(self) -> &'static str {
        match self {
            Self::Integer => "i64",
            Self::Float => "f64",
            Self::Text => "&'a str",
            Self::Flag => "bool",
        }
    }

    /// The type of a value, with the lifetime of the batch.
    pub(crate) fn tokens(self, batch: &syn::Lifetime) -> TokenStream {
        match self {
            Self::Integer => quote!(i64),
            Self::Float => quote!(f64),
            Self::Text => quote!(&#batch str),
            Self::Flag => quote!(bool),
        }
    }
}

impl FieldType {
    pub(crate) fn of(field_type: &Type) -> syn::Result<Self> {
        let (value, optional) = match option_of(field_type) {
            Some(value) => (value, true),
            None => (field_type, false),
        };
        let Some(kind) = kind_of(value) else {
            return Err(syn::Error::new(
                value.span(),
                "an input is an `i64`, `f64`, `bool` or `&'a str`, or an `Option` of one",
            ));
        };
        Ok(Self { kind, optional })
    }
}

fn option_of(field_type: &Type) -> Option<&Type> {
    let Type::Path(TypePath { qself: None, path, .. }) = field_type else { return None };
    let last = path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

fn kind_of(value: &Type) -> Option<Kind> {
    match value {
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => Some(Kind::Text),
            _ => None,
        },
        Type::Path(path) if path.path.is_ident("i64") => Some(Kind::Integer),
        Type::Path(path) if path.path.is_ident("f64") => Some(Kind::Float),
        Type::Path(path) if path.path.is_ident("bool") => Some(Kind::Flag),
        _ => None,
    }
}
