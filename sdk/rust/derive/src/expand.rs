//! From a struct to its implementation of `Inputs`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Data, DeriveInput, Fields, GenericParam, Ident, Index, Lifetime, LitStr, spanned::Spanned,
};

use crate::{attribute::InputAttribute, field::FieldType};

/// Most inputs that the host takes.
const INPUTS_MAX: usize = 64;

struct InputField {
    ident: Ident,
    name: LitStr,
    attribute: InputAttribute,
    field_type: FieldType,
}

pub(crate) fn expand(item: &DeriveInput) -> syn::Result<TokenStream> {
    let batch = batch_lifetime(item)?;
    let fields = input_fields(item)?;
    let name = &item.ident;
    let (_, own_generics, _) = item.generics.split_for_impl();
    let count = fields.len();
    let types = fields.iter().map(|field| field.field_type.kind.tokens(&batch));
    let declared = fields.iter().map(|field| field.declared(&batch));
    let opened = fields.iter().map(|field| {
        let name = &field.name;
        quote!(columns.next(#name)?)
    });
    let values = fields.iter().enumerate().map(|(at, field)| field.value(at));
    Ok(quote! {
        #[automatically_derived]
        impl<#batch> ::hinny_plugin::ranker::Inputs<#batch> for #name #own_generics {
            type Columns = (#(::hinny_plugin::inputs::Column<#batch, #types>,)*);

            fn inputs() -> ::std::vec::Vec<::hinny_plugin::ranker::Input> {
                ::std::vec![#(#declared),*]
            }

            fn columns(
                batch: &#batch ::hinny_plugin::ranker::Batch,
            ) -> ::std::result::Result<Self::Columns, ::hinny_plugin::ranker::RankError> {
                let mut columns = ::hinny_plugin::inputs::Columns::of(batch, #count)?;
                ::std::result::Result::Ok((#(#opened,)*))
            }

            #[inline]
            fn row(columns: &Self::Columns, at: usize) -> Self {
                Self { #(#values),* }
            }
        }
    })
}

/// The lifetime of the struct, or a new one when it borrows nothing.
fn batch_lifetime(item: &DeriveInput) -> syn::Result<Lifetime> {
    let mut parameters = item.generics.params.iter();
    match (parameters.next(), parameters.next()) {
        (None, _) => Ok(Lifetime::new("'batch", Span::call_site())),
        (Some(GenericParam::Lifetime(lifetime)), None) => Ok(lifetime.lifetime.clone()),
        (Some(first), _) => Err(syn::Error::new(
            first.span(),
            "inputs have no parameters but one lifetime, for text that they borrow",
        )),
    }
}

fn input_fields(item: &DeriveInput) -> syn::Result<Vec<InputField>> {
    let Data::Struct(data) = &item.data else {
        return Err(syn::Error::new_spanned(item, "inputs are a struct with named fields"));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(syn::Error::new_spanned(item, "inputs are a struct with named fields"));
    };
    if named.named.len() > INPUTS_MAX {
        let message = format!("a ranker has at most {INPUTS_MAX} inputs");
        return Err(syn::Error::new_spanned(&item.ident, message));
    }
    named.named.iter().map(InputField::of).collect()
}

impl InputField {
    fn of(field: &syn::Field) -> syn::Result<Self> {
        let attribute = InputAttribute::of(field)?;
        let field_type = FieldType::of(&field.ty)?;
        let Some(ident) = field.ident.clone() else {
            return Err(syn::Error::new_spanned(field, "inputs are a struct with named fields"));
        };
        if let Some(kind) = attribute.source.fixed_kind()
            && kind != field_type.kind
        {
            let expected = kind.rust_type();
            let message = format!("this input is an `{expected}`, or an `Option` of one");
            return Err(syn::Error::new(field.ty.span(), message));
        }
        if let (true, Some(default)) = (field_type.optional, &attribute.default) {
            return Err(syn::Error::new(
                default.span(),
                "an `Option` is `None` when absent; drop the `Option`, or the default",
            ));
        }
        let name = attribute.name.clone().unwrap_or_else(|| {
            let name = ident.to_string();
            LitStr::new(name.trim_start_matches("r#"), ident.span())
        });
        Ok(Self { ident, name, attribute, field_type })
    }

    fn declared(&self, batch: &Lifetime) -> TokenStream {
        let (name, source) = (&self.name, self.attribute.source.tokens());
        let value = match self.field_type.kind {
            // Outside of the implementation's own types, no lifetime need be named.
            crate::field::Kind::Text => quote!(&'static str),
            kind => kind.tokens(batch),
        };
        quote!(::hinny_plugin::ranker::Input {
            name: ::std::string::String::from(#name),
            source: #source,
            kind: <#value as ::hinny_plugin::inputs::Field>::KIND,
        })
    }

    fn value(&self, at: usize) -> TokenStream {
        let (ident, at) = (&self.ident, Index::from(at));
        let value = quote!(columns.#at.get(at));
        match (&self.attribute.default, self.field_type.optional) {
            (_, true) => quote!(#ident: #value),
            (Some(default), false) => {
                quote!(#ident: ::std::option::Option::unwrap_or_else(#value, || #default))
            }
            (None, false) => {
                quote!(#ident: ::std::option::Option::unwrap_or_default(#value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(item: &str) -> String {
        expand(&syn::parse_str(item).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_inputs_is_told_with_what_can() {
        for (item, expected) in [
            ("enum A {}", "inputs are a struct with named fields"),
            ("struct A(#[input(wait)] i64);", "inputs are a struct with named fields"),
            ("struct A<T> { #[input(wait)] a: T }", "no parameters but one lifetime"),
            ("struct A { a: i64 }", "say where the input comes from"),
            ("struct A { #[input(wait)] #[input(wait)] a: i64 }", "a field is one input"),
            ("struct A { #[input(weight)] a: i64 }", "or one of created_at, wait, base_priority"),
            ("struct A { #[input(\"a\")] a: i64 }", "did you mean `/a`?"),
            ("struct A { #[input(wait, or = 1)] a: i64 }", "expected `default = …` or `name"),
            ("struct A { #[input(\"/a\")] a: u8 }", "an `i64`, `f64`, `bool` or `&'a str`"),
            ("struct A { #[input(wait)] a: f64 }", "this input is an `i64`"),
            ("struct A<'a> { #[input(\"\")] a: Option<bool> }", "this input is an `&'a str`"),
            ("struct A { #[input(wait, default = 1)] a: Option<i64> }", "`None` when absent"),
        ] {
            let refused = refusal(item);
            assert!(refused.contains(expected), "{item}: {refused}");
        }
        let field = |at: i32| format!("#[input(\"/{at}\")] f{at}: i64");
        let many = (0..65).map(field).collect::<Vec<_>>().join(", ");
        assert!(refusal(&format!("struct A {{ {many} }}")).contains("at most 64 inputs"));
    }
}
