use eyot_plan::{Layer, Origin, PlanError, View};

/// One place where somebody asked for something: a view file or the command line.
#[derive(Clone, Debug)]
pub struct LayeredView {
    /// [`Layer::File`] or [`Layer::Flag`].
    pub layer: Layer,
    /// The view file's path. Of flags each key is its own name (`--ro`), so this is not shown.
    pub name: String,
    pub view: View,
}

impl LayeredView {
    fn origin(&self, key: &str) -> Origin {
        match self.layer {
            Layer::Flag => Origin::new(Layer::Flag, format!("--{key}")),
            Layer::File | Layer::Profile | Layer::Default => Origin::new(self.layer, &self.name),
        }
    }
}

/// A value and who asked for it.
#[derive(Clone, Debug)]
pub(crate) struct Chosen<T> {
    pub(crate) value: T,
    pub(crate) by: Origin,
}

/// All views of one request, the weakest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) layers: &'a [LayeredView],
}

impl<'a> Request<'a> {
    /// Of a single value the last that was given counts.
    pub(crate) fn last<T>(
        self,
        key: &str,
        pick: impl Fn(&'a View) -> Option<T>,
    ) -> Option<Chosen<T>> {
        let given = |layer: &'a LayeredView| {
            pick(&layer.view).map(|value| Chosen { value, by: layer.origin(key) })
        };
        self.layers.iter().rev().find_map(given)
    }

    /// Lists add up.
    pub(crate) fn all<T: 'a, L: IntoIterator<Item = T>>(
        self,
        key: &str,
        pick: impl Fn(&'a View) -> L,
    ) -> Vec<Chosen<T>> {
        let given = |layer: &'a LayeredView| {
            let by = layer.origin(key);
            let chosen = |value| Chosen { value, by: by.clone() };
            pick(&layer.view).into_iter().map(chosen).collect::<Vec<_>>()
        };
        self.layers.iter().flat_map(given).collect()
    }
}

/// A refusal of what `by` asked for.
pub(crate) fn refuse(what: impl Into<String>, by: &Origin) -> PlanError {
    PlanError::Contradiction { what: what.into(), origin: by.to_string() }
}
