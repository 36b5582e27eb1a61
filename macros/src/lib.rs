//! The `#[network]` attribute.
use proc_macro::TokenStream;

/// Placeholder until the pipeline lands.
#[proc_macro_attribute]
pub fn network(_options: TokenStream, item: TokenStream) -> TokenStream {
    item
}
