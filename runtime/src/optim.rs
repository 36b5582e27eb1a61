//! Optimisers over any [`ParamSet`](crate::ParamSet).
