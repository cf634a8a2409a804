"""The numbers that Dewi (2025) works out by hand: appendices E and F and the class weights, step by step.

Each step starts from the numbers printed before it, as the reader of the appendix would. Where a printed number is
wrong, the test's name says so, torch gives the right one, and the test states how far the printed one is off: copying
it would be as wrong as hiding it.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

torch = pytest.importorskip("torch")
functional = torch.nn.functional

TOLERANCE = 2e-3  # three printed digits, and what their rounding grows to within one step
TRAIN, ALL = (1179, 2045, 7480), (1685, 2922, 10685)  # rows of negatif, netral, positif (table 4.10)

TOKEN = [[0.09, 0.18, 0.27], [0.18, 0.27, 0.36], [0.57, 0.66, 0.25], [0.26, 0.15, 0.34], [0.05, 0.14, 0.33]]
POSITION = [[0.01, 0.02, 0.03], [0.02, 0.03, 0.04], [0.03, 0.04, 0.05], [0.04, 0.05, 0.06], [0.05, 0.06, 0.07]]
W_Q = [[0.1, 0.2, 0.4], [0.3, 0.1, 0.5], [0.5, 0.1, 0.2]]
W_K = [[0.2, 0.3, 0.5], [0.3, 0.1, 0.3], [0.1, 0.4, 0.5]]
W_V = [[0.2, 0.3, 0.5], [0.4, 0.1, 0.2], [0.3, 0.2, 0.1]]
QUERY = [[0.22, 0.07, 0.20], [0.31, 0.11, 0.31], [0.42, 0.22, 0.65], [0.29, 0.12, 0.30], [0.27, 0.08, 0.22]]
KEY = [[0.11, 0.17, 0.26], [0.17, 0.25, 0.39], [0.36, 0.37, 0.66], [0.16, 0.27, 0.41], [0.12, 0.21, 0.31]]
VALUE = [[0.19, 0.11, 0.12], [0.28, 0.17, 0.20], [0.49, 0.31, 0.47], [0.26, 0.19, 0.23], [0.22, 0.13, 0.13]]
W_1, B_1 = [[0.2, -0.5, 0.1, 0.3], [0.7, -0.3, 0.9, -0.2], [-0.6, 0.8, 0.3, 0.5]], [0.1, -0.2, 0.3, 0.0]
W_2, B_2 = [[0.1, -0.2, 0.05], [0.6, 0.3, -0.1], [-0.4, 0.7, 0.2], [0.3, -0.5, 0.4]], [0.0, 0.1, -0.1]
W_POOL, B_POOL = [[0.1, 0.2, 0.3], [0.05, 0.15, 0.25], [0.02, 0.04, 0.06]], [-0.1, -0.2, 0.5]
# Written two ways: this one under "Layer Classifier" and in the revision, the other in step 7.
W_CLS = [[0.2, -0.6, 0.3], [0.5, 0.4, -0.1], [0.1, -0.3, 0.2]]
W_CLS_OF_STEP_7 = [[0.3, -0.6, 0.2], [-0.1, 0.4, 0.5], [0.2, -0.3, 0.1]]
NORMED = [-0.557, -0.904, 1.462]  # after the first Add & Norm, as printed
POOLED, LOGITS = [-0.003, -0.0276, 0.634], [0.0490, -0.1994, 0.1287]
POSITIVE = 2


def tensor(values, **settings):
    return torch.tensor(values, dtype=torch.float64, **settings)


def close(found, printed, tolerance=TOLERANCE):
    return pytest.approx(np.asarray(printed), abs=tolerance) == np.asarray(found.detach())


def off(printed, right):
    """Return printed - right, elementwise."""
    return np.asarray(printed) - np.asarray(right.detach())


def products():
    return tensor(QUERY) @ tensor(KEY).T


def adamw(weight, gradient):
    """Return a parameter after the first step of torch's AdamW at the appendix's settings."""
    parameter = torch.nn.Parameter(tensor(weight))
    parameter.grad = tensor(gradient)
    torch.optim.AdamW([parameter], lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01).step()
    return parameter.detach()


# Class weights (equation 2.21, tables 4.10 and 4.11)


def test_the_class_weights_are_those_of_the_training_part():
    from makna.learn.losses import balanced_weights

    labels = np.repeat(["negatif", "netral", "positif"], TRAIN)
    assert len(labels) == 10_704
    weights = balanced_weights(labels)
    assert weights == pytest.approx({"negatif": 3.0263, "netral": 1.7447, "positif": 0.4770}, abs=5e-5)
    of_sklearn = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
    assert list(weights.values()) == pytest.approx(of_sklearn.tolist(), abs=1e-12)


def test_the_counts_printed_beside_the_class_weights_would_give_others():
    from makna.learn.losses import balanced_weights

    weights = balanced_weights(np.repeat(["negatif", "netral", "positif"], ALL))
    assert [round(weight, 4) for weight in weights.values()] == [3.0251, 1.7445, 0.4771]


def test_the_class_weights_of_appendix_f_are_those_of_all_rows_to_two_digits():
    weights = 15_292 / (3 * tensor(ALL))
    assert close(weights, [3.027, 1.746, 0.477])
    assert off([3.027, 1.746, 0.477], weights) == pytest.approx([0.0019, 0.0015, 0], abs=1e-4)


# Appendix E: VADER


def _compound(score):
    return score / math.sqrt(score**2 + 15)


def test_vader_good():
    assert _compound(1.9) == pytest.approx(0.4404, abs=5e-5)


def test_vader_very_good_is_printed_too_large():
    by_the_papers_formula = _compound(1.9 * (1 + 0.293))
    assert by_the_papers_formula == pytest.approx(0.5356, abs=5e-5)
    assert 0.5377 - by_the_papers_formula == pytest.approx(0.0021, abs=5e-5)


def test_vader_adds_a_booster_where_the_paper_multiplies():
    assert _compound(1.9 + 0.293) == pytest.approx(0.4927, abs=5e-5)
    assert 0.5377 - _compound(1.9 + 0.293) == pytest.approx(0.0450, abs=5e-5)


def test_vader_itself():
    analyser = pytest.importorskip("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    scores = [analyser.polarity_scores(f"This product is {word}")["compound"] for word in ("good", "very good")]
    assert scores == [0.4404, 0.4927]


# Appendix F: embeddings and attention


def test_embeddings_are_summed():
    summed = [[0.10, 0.20, 0.30], [0.20, 0.30, 0.40], [0.60, 0.70, 0.30], [0.30, 0.20, 0.40], [0.10, 0.20, 0.40]]
    words, places = (torch.nn.Embedding.from_pretrained(tensor(table)) for table in (TOKEN, POSITION))
    assert close(words(torch.arange(5)) + places(torch.arange(5)), summed, 1e-9)


@pytest.mark.parametrize(("weight", "printed"), [(W_Q, QUERY), (W_K, KEY), (W_V, VALUE)], ids=["Q", "K", "V"])
def test_query_key_and_value(weight, printed):
    assert close((tensor(TOKEN) + tensor(POSITION)) @ tensor(weight), printed, 1e-9)


def test_the_products_of_cls_are_right_for_the_first_three_tokens():
    assert close(products()[0, :3], [0.0881, 0.1329, 0.2371])


def test_two_products_of_cls_are_printed_as_the_one_before_them():
    printed = [0.2371, 0.2371]  # bagus and [SEP]: the key of "ini" was left standing
    assert off(printed, products()[0, 3:]) == pytest.approx([0.1010, 0.1340], abs=5e-5)


def test_the_products_of_the_other_tokens():
    printed = [
        [0.1134, 0.2011, 0.3569, 0.2064, 0.1564],
        [0.2526, 0.3799, 0.6616, 0.3931, 0.2981],
        [0.1303, 0.1963, 0.3468, 0.2018, 0.1530],
        [0.1005, 0.1517, 0.2720, 0.1550, 0.1174],
    ]
    wrong = off(printed, products()[1:])
    # The first product of "produk" is .1334.
    assert wrong[0, 0] == pytest.approx(-0.02, abs=5e-5)
    wrong[0, 0] = 0
    assert abs(wrong).max() < 5e-5


def test_scaling_divides_by_the_root_of_three():
    assert close(products()[0] / math.sqrt(3), [0.0508, 0.0767, 0.1368, 0.0786, 0.0595])


def test_one_division_is_written_with_another_divisor():
    # .1361 / 2.2360 (the root of five) stands there; its printed result is that of the root of three.
    assert pytest.approx(0.0177, abs=5e-5) == 0.0786 - 0.1361 / 2.2360
    assert pytest.approx(0.0786, abs=5e-5) == 0.1361 / math.sqrt(3)


def test_softmax_of_cls():
    assert close(torch.softmax(products()[0] / math.sqrt(3), -1), [0.1941, 0.1991, 0.2115, 0.1995, 0.1958])


def test_one_entry_of_the_softmax_is_first_printed_too_large():
    right = torch.softmax(products()[0] / math.sqrt(3), -1)[2]
    assert off(0.3497, right) == pytest.approx(0.1382, abs=5e-5)


def test_the_sum_of_the_weighted_values_is_printed_too_large():
    attended = functional.scaled_dot_product_attention(tensor(QUERY), tensor(KEY), tensor(VALUE))[0]
    addends = [[0.0369, 0.0557, 0.1036, 0.0519, 0.0430], [0.0214, 0.0338, 0.0656, 0.0379, 0.0255]]
    addends += [[0.0233, 0.0398, 0.0994, 0.0459, 0.0254]]
    assert close(attended, [sum(row) for row in addends])
    assert close(attended, [0.2912, 0.1841, 0.2339], 1e-4)
    assert off([0.3245, 0.1997, 0.2687], attended) == pytest.approx([0.0333, 0.0156, 0.0348], abs=1e-4)


# Appendix F: Add & Norm, feed forward


def test_the_first_layer_norm_divides_by_too_small_a_deviation():
    total = tensor([0.1, 0.2, 0.3]) + tensor([0.3245, 0.1997, 0.2687])
    assert close(total, [0.4245, 0.3997, 0.5687], 1e-9)
    assert total.mean().item() == pytest.approx(0.4643, abs=5e-5)
    assert off(0.0714, total.std(unbiased=False)) == pytest.approx(-0.0031, abs=5e-5)
    normed = functional.layer_norm(total, (3,))
    assert close(normed, [-0.534, -0.866, 1.400])
    assert off(NORMED, normed) == pytest.approx([-0.023, -0.038, 0.062], abs=2e-3)


def test_dense_layer_one():
    hidden = tensor(NORMED) @ tensor(W_1) + tensor(B_1)
    assert close(hidden, [-1.5214, 1.5193, -0.1307, 0.7447], 1e-4)


def test_gelu_in_its_sigmoid_form():
    activations = pytest.importorskip("transformers.activations")
    hidden = tensor([-1.5214, 1.5193, -0.1307, 0.7447])
    found = activations.ACT2FN["quick_gelu"](hidden)
    assert found.tolist() == pytest.approx((hidden * torch.sigmoid(1.702 * hidden)).tolist())
    printed = [-0.105, 1.415, -0.058, 0.581]
    # The sigmoids were cut to three digits first: the second entry is just over the tolerance.
    assert off(printed, found) == pytest.approx([0.0012, 0.0021, 0.0001, -0.0001], abs=1e-4)


def test_gelu_itself_is_another_function():
    hidden = tensor([-1.5214, 1.5193, -0.1307, 0.7447])
    of_bert = functional.gelu(hidden)
    assert off([-0.105, 1.415, -0.058, 0.581], of_bert) == pytest.approx([-0.0075, -0.0065, 0.0006, 0.0063], abs=1e-4)


def test_dense_layer_two():
    assert close(tensor([-0.105, 1.415, -0.058, 0.581]) @ tensor(W_2) + tensor(B_2), [1.036, 0.214, -0.027])


def test_the_second_layer_norm_is_off_in_the_second_digit():
    normed = functional.layer_norm(tensor([1.036, 0.214, -0.027]), (3,))
    assert off([1.373, -0.430, -0.943], normed) == pytest.approx([-0.0077, -0.0044, 0.0121], abs=2e-4)


def test_the_second_add_and_norm_adds_nothing():
    added = functional.layer_norm(tensor([1.036, 0.214, -0.027]) + tensor(NORMED), (3,))
    assert off([1.373, -0.430, -0.943], added) == pytest.approx([1.291, 0.834, -2.125], abs=2e-3)


# Appendix F: pooler, classifier, loss


def test_pooler():
    raw = tensor([1.373, -0.430, -0.943]) @ tensor(W_POOL) + tensor(B_POOL)
    assert close(raw, [-0.00306, -0.02762, 0.74782], 1e-5)
    assert close(torch.tanh(raw), POOLED)


def test_logits():
    assert close(tensor(POOLED) @ tensor(W_CLS), LOGITS)


def test_the_classifier_is_written_two_ways_and_one_of_them_answers_negative():
    swapped = tensor(POOLED) @ tensor(W_CLS_OF_STEP_7)
    assert close(swapped, LOGITS[::-1])
    assert (int(tensor(LOGITS).argmax()), int(swapped.argmax())) == (POSITIVE, 0)


def test_softmax_of_the_logits():
    assert close(torch.softmax(tensor(LOGITS), -1), [0.349, 0.272, 0.378])


def weighted_loss(logits):
    weights = 15_292 / (3 * tensor(ALL))
    return functional.cross_entropy(logits[None], torch.tensor([POSITIVE]), weight=weights, reduction="sum")


def gradient_of_logits():
    logits = tensor(LOGITS, requires_grad=True)
    weighted_loss(logits).backward()
    return logits.grad


def test_weighted_loss():
    assert weighted_loss(tensor(LOGITS)).item() == pytest.approx(0.464, abs=TOLERANCE)


def test_the_loss_of_makna_is_made_of_the_same_parts():
    from makna.learn.losses import Loss, cross_entropy

    loss = Loss(cross_entropy, tuple(15_292 / (3 * np.array(ALL))))
    (weight,) = loss.row_weights(np.array([POSITIVE]))
    term = cross_entropy(torch.tensor([LOGITS]), torch.tensor([POSITIVE])).item()
    assert weight * term == pytest.approx(0.464, abs=TOLERANCE)
    assert loss.mean(np.array([LOGITS]), np.array([POSITIVE])) == pytest.approx(term)


def test_the_loss_of_one_row_has_no_weight_where_torch_takes_the_weighted_mean():
    weights = 15_292 / (3 * tensor(ALL))
    mean = functional.cross_entropy(tensor([LOGITS]), torch.tensor([POSITIVE]), weight=weights)
    assert mean.item() == pytest.approx(0.464 / 0.477, abs=TOLERANCE)


def test_the_gradient_is_printed_with_the_weight_of_each_class_in_place_of_the_rows_own():
    gradient = gradient_of_logits()
    probabilities = torch.softmax(tensor(LOGITS), -1)
    assert close(gradient, 0.477 * (probabilities - tensor([0, 0, 1])), 1e-4)
    assert gradient.sum().item() == pytest.approx(0, abs=1e-12)  # the printed ones sum to 1.234
    printed = [1.056, 0.475, -0.297]
    assert off(printed, gradient) == pytest.approx([0.889, 0.345, 0], abs=1e-3)
    # The printed formula, on the printed numbers, does give the printed ones.
    assert close(probabilities * tensor([3.027, 1.746, 0.477]) - tensor([0, 0, 0.477]), printed)


def test_the_gradient_of_the_classifier_follows_from_that_of_the_logits():
    printed = [[-0.00317, -0.00143, 0.00089], [-0.02914, -0.01311, 0.00819], [0.66950, 0.30115, -0.18820]]
    assert close(torch.outer(tensor(POOLED), tensor([1.056, 0.475, -0.297])), printed, 1e-4)
    weight = tensor(W_CLS, requires_grad=True)
    weighted_loss(tensor(POOLED) @ weight).backward()
    assert off(printed, weight.grad)[2] == pytest.approx([0.564, 0.219, 0], abs=1e-3)


# Appendix F: AdamW


def test_adamw_of_a_weight():
    assert adamw(0.3, 0.223).item() == pytest.approx(0.28997, abs=1e-6)
    assert adamw(0.2, -0.00317).item() == pytest.approx(0.20998, abs=1e-6)


def test_the_matrix_after_the_step_is_that_of_plain_gradient_descent():
    printed = 0.3 - 0.01 * 1.056
    assert printed - adamw(0.3, 1.056).item() == pytest.approx(-0.00053, abs=1e-6)
    assert printed == pytest.approx(0.28944)


def test_the_steps_of_the_biases_are_printed_too_small():
    right = adamw([0.0, 0.0, 0.0], [1.056, 0.475, -0.297])
    assert close(right, [-0.01, -0.01, 0.01], 1e-6)
    assert off([-0.00947, -0.00999, 0.00990], right) == pytest.approx([0.00053, 0.00001, -0.0001], abs=1e-6)


def test_the_new_logits_are_printed_without_the_step():
    gradient = gradient_of_logits()
    weight = adamw(W_CLS, torch.outer(tensor(POOLED), gradient).tolist())
    logits = tensor(POOLED) @ weight + adamw([0.0, 0.0, 0.0], gradient.tolist())
    assert off(LOGITS, logits) == pytest.approx([0.0167, 0.0166, -0.0167], abs=2e-4)
    assert torch.softmax(logits, -1)[POSITIVE] > torch.softmax(tensor(LOGITS), -1)[POSITIVE]


def test_the_whole_appendix_without_a_slip():
    """What the appendix's own numbers come to, run through the layer of transformers that it describes."""
    bert = pytest.importorskip("transformers.models.bert.modeling_bert")
    sizes = {"hidden_size": 3, "num_attention_heads": 1, "num_hidden_layers": 1, "intermediate_size": 4}
    config = bert.BertConfig(**sizes, hidden_act="quick_gelu")
    config._attn_implementation = "sdpa"
    layer = bert.BertLayer(config).double().eval()
    pooler = bert.BertPooler(config).double()
    attention = layer.attention
    linears = {attention.self.query: W_Q, attention.self.key: W_K, attention.self.value: W_V}
    # The appendix has no output projection after the heads.
    linears |= {attention.output.dense: np.eye(3).tolist(), layer.intermediate.dense: W_1, layer.output.dense: W_2}
    linears |= {pooler.dense: W_POOL}
    biases = {layer.intermediate.dense: B_1, layer.output.dense: B_2, pooler.dense: B_POOL}
    with torch.no_grad():
        for linear, weight in linears.items():
            linear.weight.copy_(tensor(weight).T)
            linear.bias.copy_(tensor(biases.get(linear, [0.0] * linear.out_features)))
        encoded = layer((tensor(TOKEN) + tensor(POSITION))[None])
        encoded = encoded[0] if isinstance(encoded, tuple) else encoded
        logits = pooler(encoded) @ tensor(W_CLS)
    probabilities = torch.softmax(logits[0], -1)
    assert close(encoded[0, 0], [-0.1153, -1.1630, 1.2783], 1e-4)
    assert close(probabilities, [0.3045, 0.3199, 0.3757], 1e-4)
    # The answer stays; negative and neutral change places.
    assert off([0.349, 0.272, 0.378], probabilities) == pytest.approx([0.0445, -0.0479, 0.0023], abs=1e-4)
