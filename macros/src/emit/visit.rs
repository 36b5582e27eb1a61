//! The visit of all parameters by index, in the order of the fields: those of a stack come network by network.

use super::code::ident;
use super::surface::{Field, Surface, field_of};
use super::types::generics;
use crate::ir::model::{Argument, Group, Stack, plain};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use std::ops::Range;

/// What stands at some of the indices.
enum Stop<'a> {
    One(&'a Argument),
    /// So many arrays of a group with a stack in it, which knows their paths itself; how many, if that is a number.
    Inside(&'a Group, Option<usize>),
}

/// The implementation of `ParamSet` for `Params` or `Gradients`.
///
/// `all` are its fields, and the arguments that these hold.
pub fn visited(surface: &Surface, of: &str, all: (Vec<Field>, Vec<&Argument>), has_elements: bool) -> TokenStream {
    let stops = stops(&all);
    let of = ident(of);
    let real = if has_elements { ident("T") } else { surface.real.clone() };
    let (_, generics, elements) = generics(surface, has_elements);
    let count = count(&stops);
    let path = match stops.iter().all(|stop| matches!(stop, Stop::One(_))) {
        true => {
            let paths = all.1.iter().map(|p| p.dotted());
            quote!(let paths: [&str; #count] = [#(#paths),*]; paths[index].to_string())
        }
        false => matched(&stops, &count, &|stop| stop.path()),
    };
    let array = matched(&stops, &count, &|stop| stop.view("view", "scalar_view", "array"));
    let array_mut = matched(&stops, &count, &|stop| stop.view("view_mut", "scalar_view_mut", "array_mut"));
    let slices = matched(&stops, &count, &|stop| stop.elements(false));
    let slices_mut = matched(&stops, &count, &|stop| stop.elements(true));
    quote! {
        impl #generics ParamSet for #of #elements {
            type Elem = #real;

            fn count(&self) -> usize {
                #count
            }

            fn path(&self, index: usize) -> String {
                #path
            }

            fn array(&self, index: usize) -> ArrayViewD<'_, #real> {
                #array
            }

            fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, #real> {
                #array_mut
            }

            #[inline]
            fn elements(&self, index: usize) -> Option<(&[usize], &[#real])> {
                #slices
            }

            #[inline]
            fn elements_mut(&mut self, index: usize) -> Option<&mut [#real]> {
                #slices_mut
            }
        }
    }
}

/// Some places among all arrays, and the parameter that stands there, if it is one.
type Places<'a> = (Range<usize>, Option<&'a Argument>);

/// The places of all arrays of the network, in order: of each parameter, or of a whole group with a stack in it. And from
/// where on they are not known, for a stack of any number of networks stands there.
pub fn places<'a>(surface: &Surface<'a>) -> (Vec<Places<'a>>, Option<usize>) {
    let (mut start, mut places) = (0, Vec::new());
    let fields = (surface.fields(), surface.params().collect());
    for stop in stops(&fields) {
        let Some(count) = stop.count() else { return (places, Some(start)) };
        let own = start..start + count;
        start = own.end;
        match stop {
            Stop::One(param) => places.push((own, Some(param))),
            Stop::Inside(..) => places.push((own, None)),
        }
    }
    (places, None)
}

fn stops<'a>((fields, arguments): &(Vec<Field<'a>>, Vec<&'a Argument>)) -> Vec<Stop<'a>> {
    let of_group = |group: &'a Group| {
        let params: Vec<&Argument> = arguments.iter().copied().filter(|p| p.is_of(&group.name)).collect();
        let networks = |stack: &Stack| stack.count.as_number().filter(|_| stack.is_array).map(|n| n as usize);
        let arrays = |p: &Argument| p.stacks.iter().map(networks).product::<Option<usize>>();
        match params.iter().all(|p| p.stacks.is_empty()) {
            true => params.into_iter().map(Stop::One).collect(),
            false => vec![Stop::Inside(group, params.iter().map(|p| arrays(p)).sum())],
        }
    };
    let stops = fields.iter().flat_map(|field| match *field {
        Field::Param(param) => vec![Stop::One(param)],
        Field::Group(group) => of_group(group),
    });
    stops.collect()
}

/// How many arrays there are.
fn count(stops: &[Stop]) -> TokenStream {
    match stops.iter().map(Stop::count).sum::<Option<usize>>() {
        Some(count) => Literal::usize_unsuffixed(count).to_token_stream(),
        None => {
            let each = stops.iter().map(Stop::counted);
            quote!(#(#each)+*)
        }
    }
}

/// `match index { 0 => .., 1..=12 => .. }`
fn matched(stops: &[Stop], count: &TokenStream, value: &dyn Fn(&Stop) -> TokenStream) -> TokenStream {
    if stops.iter().any(|stop| stop.count().is_none()) {
        return searched(stops, count, value);
    }
    let mut start = 0;
    let arms = stops.iter().map(|stop| {
        let (first, arrays) = (Literal::usize_unsuffixed(start), stop.count().expect("a number"));
        start += arrays;
        let (last, value) = (Literal::usize_unsuffixed(start.saturating_sub(1)), value(stop));
        match stop {
            Stop::One(_) => quote!(#first => #value,),
            Stop::Inside(..) if arrays == 0 => TokenStream::new(),
            Stop::Inside(..) => quote!(#first..=#last => { let inner = index - #first; #value }),
        }
    });
    let arms: Vec<TokenStream> = arms.collect();
    quote! {
        match index {
            #(#arms)*
            _ => no_such_array(index, #count),
        }
    }
}

/// The same where only the arrays say how many there are.
fn searched(stops: &[Stop], count: &TokenStream, value: &dyn Fn(&Stop) -> TokenStream) -> TokenStream {
    let steps = stops.iter().enumerate().map(|(k, stop)| {
        let (arrays, value) = (stop.counted(), value(stop));
        let next = (k + 1 < stops.len()).then(|| quote!(inner -= arrays;));
        quote! {
            let arrays = #arrays;
            if inner < arrays {
                return #value;
            }
            #next
        }
    });
    quote! {
        let mut inner = index;
        #(#steps)*
        no_such_array(index, #count)
    }
}

impl Stop<'_> {
    fn count(&self) -> Option<usize> {
        match self {
            Stop::One(_) => Some(1),
            Stop::Inside(_, count) => *count,
        }
    }

    /// The same as an expression.
    fn counted(&self) -> TokenStream {
        match self {
            Stop::Inside(group, None) => {
                let name = &group.name;
                match &group.count {
                    Some(_) => quote!(self.#name.iter().map(|block| block.count()).sum::<usize>()),
                    None => quote!(self.#name.count()),
                }
            }
            Stop::One(_) | Stop::Inside(_, Some(_)) => {
                Literal::usize_unsuffixed(self.count().expect("a number")).to_token_stream()
            }
        }
    }

    /// What `value` makes of how many arrays each network of a stack has, if the group is one.
    fn of_each(&self, value: &dyn Fn(TokenStream) -> TokenStream) -> Option<TokenStream> {
        let Stop::Inside(group, count) = self else { return None };
        let (networks, name) = (group.count.as_ref()?, &group.name);
        Some(match (count, networks.as_number()) {
            (Some(count), Some(networks)) => {
                value(Literal::usize_unsuffixed(count / networks as usize).to_token_stream())
            }
            _ => {
                let value = value(quote!(each));
                quote!({ let each = self.#name[0].count(); #value })
            }
        })
    }

    fn path(&self) -> TokenStream {
        match self {
            Stop::One(param) => {
                let path = param.dotted();
                quote!(#path.to_string())
            }
            Stop::Inside(group, _) => {
                let (name, text) = (&group.name, plain(&group.name));
                let stacked = self.of_each(&|each| {
                    let format = format!("{text}.{{}}.{{}}");
                    quote!(format!(#format, inner / #each, self.#name[inner / #each].path(inner % #each)))
                });
                stacked.unwrap_or_else(|| {
                    let format = format!("{text}.{{}}");
                    quote!(format!(#format, self.#name.path(inner)))
                })
            }
        }
    }

    /// The elements in row-major order.
    fn elements(&self, mutable: bool) -> TokenStream {
        match (self, mutable) {
            (Stop::One(param), _) => {
                let field = field_of(param);
                match (param.shape.is_empty(), mutable) {
                    (true, false) => quote!(scalar_elements(&self.#field)),
                    (true, true) => quote!(scalar_elements_mut(&mut self.#field)),
                    (false, false) => quote!(array_elements(&self.#field)),
                    (false, true) => quote!(self.#field.as_slice_mut()),
                }
            }
            (Stop::Inside(..), false) => self.view("", "", "elements"),
            (Stop::Inside(..), true) => self.view("", "", "elements_mut"),
        }
    }

    /// The array by a method of its own, a scalar by a function, one inside a group by a method of the group.
    fn view(&self, own: &str, of_scalar: &str, of_group: &str) -> TokenStream {
        let group_method = ident(of_group);
        match self {
            Stop::One(param) if param.shape.is_empty() => {
                let (field, function) = (field_of(param), ident(of_scalar));
                let sign = if own == "view" { quote!(&) } else { quote!(&mut) };
                quote!(#function(#sign self.#field))
            }
            Stop::One(param) => {
                let (field, own_method) = (field_of(param), ident(own));
                quote!(self.#field.#own_method().into_dyn())
            }
            Stop::Inside(group, _) => {
                let name = &group.name;
                let stacked = self.of_each(&|each| quote!(self.#name[inner / #each].#group_method(inner % #each)));
                stacked.unwrap_or_else(|| quote!(self.#name.#group_method(inner)))
            }
        }
    }
}
