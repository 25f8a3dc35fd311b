//! Sentence embeddings: multilingual-e5-small in four bits, by ONNX Runtime.

use crate::tokens::Tokens;
use models::{Effort, ModelError, Models};
use ort::session::Session;
use ort::value::Tensor;

/// The length of an embedding.
pub const WIDTH: usize = 384;

/// Texts are cut after so many tokens; a question is short.
const LONGEST: usize = 96;

/// Texts that go through the network together.
const TOGETHER: usize = 16;

/// What a text is to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something asked.
    Query,
    /// Something that may answer.
    Passage,
}

impl Kind {
    /// The words that e5 wants before a text.
    pub(crate) fn lead(self) -> &'static str {
        match self {
            Self::Query => "query: ",
            Self::Passage => "passage: ",
        }
    }
}

/// Embeds texts.
pub struct Embedder {
    session: Session,
    tokens: Tokens,
}

/// The network cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// Its files.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// ONNX Runtime.
    #[error("the embedding network cannot be used ({0})")]
    Network(#[from] ort::Error),
    /// Its vocabulary.
    #[error("the embedding network's vocabulary cannot be read ({0})")]
    Vocabulary(#[from] std::io::Error),
}

impl Embedder {
    /// Loads the network and its vocabulary.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn load(models: &Models) -> Result<Self, EmbedError> {
        // More effort joins nodes into ones that do not fit this network's four-bit layers.
        let session = models.network("e5.onnx", Effort::Basic, 1)?;
        Ok(Self { session, tokens: Tokens::load(&models.file("e5-tokenizer.json")?)? })
    }

    /// The embedding of each text, of length 1.
    ///
    /// # Errors
    /// When the network fails.
    pub fn embed<T: AsRef<str>>(&mut self, kind: Kind, texts: &[T]) -> Result<Vec<[f32; WIDTH]>, EmbedError> {
        let mut tokens = Vec::with_capacity(texts.len());
        for text in texts {
            let mut ids = self.tokens.of(&format!("{}{}", kind.lead(), text.as_ref()));
            ids.truncate(LONGEST);
            tokens.push(ids);
        }
        // Those of like length together: padding costs as much as text.
        let mut order: Vec<usize> = (0..tokens.len()).collect();
        order.sort_by_key(|at| tokens[*at].len());
        let mut out = vec![[0.0; WIDTH]; texts.len()];
        for group in order.chunks(TOGETHER) {
            let longest = group.iter().map(|at| tokens[*at].len()).max().unwrap_or(0);
            let (mut ids, mut mask) = (Vec::new(), Vec::new());
            for at in group {
                let padding = longest - tokens[*at].len();
                ids.extend(&tokens[*at]);
                ids.extend(std::iter::repeat_n(1, padding));
                mask.extend(std::iter::repeat_n(1i64, tokens[*at].len()));
                mask.extend(std::iter::repeat_n(0i64, padding));
            }
            let shape = [group.len(), longest];
            let (ids, mask) = (Tensor::from_array((shape, ids))?, Tensor::from_array((shape, mask))?);
            let outputs = self.session.run(ort::inputs!["ids" => ids, "mask" => mask])?;
            let (_, values) = outputs["embedding"].try_extract_tensor::<f32>()?;
            for (at, row) in group.iter().zip(values.chunks_exact(WIDTH)) {
                out[*at].copy_from_slice(row);
            }
        }
        Ok(out)
    }
}
