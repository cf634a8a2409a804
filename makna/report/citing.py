"""How to cite: makna, the data, and the libraries that the systems stand on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Code, Listing, Paragraph, Section, strong
from makna.report.language import NOTHING, Locale
from makna.report.procedure import kinds_used
from makna.report.reading import Run, branch

_ADDRESS = "https://github.com/makna-nlp/makna"
LIBRARIES = {
    "scikit-learn": "Pedregosa, F., et al. (2011). Scikit-learn: Machine learning in Python. "
    "Journal of Machine Learning Research, 12, 2825–2830.",
    "numpy": "Harris, C. R., et al. (2020). Array programming with NumPy. Nature, 585, 357–362.",
    "torch": "Paszke, A., et al. (2019). PyTorch: An imperative style, high-performance deep learning library. "
    "Advances in Neural Information Processing Systems, 32.",
    "transformers": "Wolf, T., et al. (2020). Transformers: State-of-the-art natural language processing. "
    "Proceedings of EMNLP 2020: System Demonstrations, 38–45.",
    "gensim": "Řehůřek, R., & Sojka, P. (2010). Software framework for topic modelling with large corpora. "
    "Proceedings of the LREC 2010 Workshop on New Challenges for NLP Frameworks, 45–50.",
    "POT": "Flamary, R., et al. (2021). POT: Python Optimal Transport. "
    "Journal of Machine Learning Research, 22(78), 1–8.",
    "PySastrawi": "Adriani, M., Asian, J., Nazief, B., Tahaghoghi, S. M. M., & Williams, H. E. (2007). "
    "Stemming Indonesian: A confix-stripping approach. ACM Transactions on Asian Language Information "
    "Processing, 6(4), 1–33.",
    "vaderSentiment": "Hutto, C. J., & Gilbert, E. (2014). VADER: A parsimonious rule-based model for sentiment "
    "analysis of social media text. Proceedings of ICWSM 2014, 216–225.",
}
"""Library → its publication."""
_ALWAYS = ("scikit-learn", "numpy")
_NEEDED_BY = {
    "torch": {"encoder", "cnn", "finetune", "recurrent", "distil", "cascade"},
    "transformers": {"encoder", "finetune", "recurrent", "distil"},
    "gensim": {"word2vec", "fasttext", "word-vectors", "cnn", "avgcos", "sif", "wmd"},
    "POT": {"wmd"},
    "PySastrawi": {"stem", "stopwords"},
    "vaderSentiment": {"vader"},
}


def cite_section(run: Run, locale: Locale) -> Section:
    """Return how to cite makna, the data and the libraries, and what to hand in with the report."""
    version = str(run.manifest.get("makna") or NOTHING)
    blocks: list[Any] = [Paragraph(locale.say("cite_makna", version=version)), Code(_bibtex(run, version))]
    source = run.about.get("citation") or run.about.get("source")
    if source:
        licence = locale.say("cite_licence", licence=run.about["licence"]) if run.about.get("licence") else ""
        blocks.append(Paragraph(f"{locale.say('cite_data', source=str(source).rstrip('.'))} {licence}".strip()))
    else:
        blocks.append(Paragraph(locale.say("cite_own_data")))
    libraries = list(_libraries(run))
    if libraries:
        blocks += [Paragraph(locale.say("cite_libraries")), Listing(libraries)]
    blocks.append(Paragraph(locale.say("cite_folder", seed=run.manifest.get("seed", NOTHING), version=version)))
    return Section("cite", locale.say("cite_title"), blocks)


def _bibtex(run: Run, version: str) -> str:
    year = str(run.manifest.get("started") or "")[:4]
    fields = ["author = {{The makna developers}}", "title = {makna: from raw text to a measured, explained model}"]
    fields += [f"year = {{{year}}}"] if year.isdigit() else []
    fields += [f"version = {{{version}}}", f"url = {{{_ADDRESS}}}"]
    lines = ",\n  ".join(["@software{makna", *fields])
    return f"{lines}\n}}"


def _libraries(run: Run) -> Iterator[str]:
    """The libraries that the kinds of steps in use need, with their versions where the run noted them."""
    used = kinds_used(run)
    if not used:
        return
    used |= set(branch(run.recipe, "label"))
    known = branch(run.manifest, "packages")
    for name in [*_ALWAYS, *(name for name, kinds in _NEEDED_BY.items() if used & kinds)]:
        version = f" {known[name]}" if known.get(name) else ""
        yield f"{strong(name + version)}: {LIBRARIES[name]}"
