//! `#[derive(Inputs)]` of `hinny-plugin`: declared inputs and a row view from one struct.

mod attribute;
mod expand;
mod field;

use proc_macro::TokenStream;

/// Makes a struct with named fields the inputs of a ranker; see `hinny_plugin::inputs::Inputs`.
#[proc_macro_derive(Inputs, attributes(input))]
pub fn derive_inputs(item: TokenStream) -> TokenStream {
    let item = syn::parse_macro_input!(item as syn::DeriveInput);
    expand::expand(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}
