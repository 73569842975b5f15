import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from crosearch.tools.embedder import Embedder, load_embedder
from crosearch.tools.errors import UsageError
from crosearch.tools.static_embedder import (
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    StaticEmbedder,
    fingerprint_of,
    load_default,
    quantise,
    save_static_embedder,
)

LARGEST_ARTEFACT = 24_000_000
DEFAULT = load_default()

SAME_CITY = [
    "The city lies on the river.",
    "Die Stadt liegt am Fluss.",
    "La ciudad está junto al río.",
    "La ville est au bord du fleuve.",
    "Город стоит на реке.",
    "这座城市位于河边。",
    "المدينة تقع على النهر",
    "शहर नदी के किनारे है।",
]
SAME_DOCTOR = [
    "The doctor treats the disease.",
    "Der Arzt behandelt die Krankheit.",
    "El médico trata la enfermedad.",
    "Le médecin soigne la maladie.",
    "Врач лечит болезнь.",
    "医生治疗疾病。",
    "الطبيب يعالج المرض",
    "डॉक्टर बीमारी का इलाज करता है।",
]


def similarity(left: str, right: str) -> float:
    vectors = DEFAULT.encode_passages([left, right])
    return float(vectors[0] @ vectors[1])


def tiny_embedder(folder: Path) -> StaticEmbedder:
    from crosearch.training.embedder_tokenizer import UNKNOWN, build_tokenizer

    pieces = [UNKNOWN, "\u2581", "\u2581river", "\u2581city", "s", "川", *"rivectysabc"]
    vocabulary = [(piece, -float(i)) for i, piece in enumerate(dict.fromkeys(pieces))]
    tokenizer = build_tokenizer(vocabulary)
    table = np.random.default_rng(0).standard_normal((len(vocabulary), 8)).astype(np.float32)
    save_static_embedder(folder, table, tokenizer.to_str())
    return StaticEmbedder.load(folder, name="tiny")


class TestDefault:
    def test_it_is_an_embedder_with_a_name_a_dimension_and_a_fingerprint(self) -> None:
        embedder: Embedder = load_embedder()
        assert embedder.name == "default"
        assert embedder.encode_queries(["?"]).shape == (1, embedder.dimension)
        assert len(embedder.fingerprint) == 16 and int(embedder.fingerprint, 16)

    def test_vectors_are_float32_and_of_length_one(self) -> None:
        vectors = DEFAULT.encode_passages([*SAME_CITY, *SAME_DOCTOR])
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_no_texts_give_no_rows(self) -> None:
        assert DEFAULT.encode_queries([]).shape == (0, DEFAULT.dimension)

    @pytest.mark.parametrize("nothing", ["", "  \n", "?!…", "\u200b", "\x00"])
    def test_a_text_without_a_known_token_is_a_zero_vector(self, nothing: str) -> None:
        assert not DEFAULT.encode_queries([nothing, "river"])[0].any()

    @given(st.lists(st.text(max_size=80), max_size=5))
    def test_any_text_gives_a_finite_vector_of_length_one_or_zero(self, texts: list[str]) -> None:
        lengths = np.linalg.norm(DEFAULT.encode_passages(texts), axis=1)
        assert all(abs(length - 1) < 1e-4 or length == 0 for length in lengths)

    def test_a_text_has_the_same_vector_alone_and_among_others(self) -> None:
        many = [f"passage {number} about rivers" for number in range(600)]
        assert np.allclose(
            DEFAULT.encode_passages(many)[599], DEFAULT.encode_passages(many[599:])[0], atol=1e-6
        )

    @pytest.mark.parametrize("number", range(1, len(SAME_CITY)))
    def test_a_translation_is_nearer_than_another_statement(self, number: int) -> None:
        assert similarity(SAME_CITY[0], SAME_CITY[number]) > similarity(
            SAME_CITY[0], SAME_DOCTOR[number]
        )

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("River City", "river, city!"),
            ("２０２０", "2020"),
            ("٢٠٢٠ عام", "عام 2020"),
            ("कृपया क़लम", "कृपया कलम"),
            ("كِتَابٌ", "كتاب"),
            ("أحمد", "احمد"),
            ("کتاب ایرانی", "كتاب ايراني"),
            ("п'ять", "п’ять"),
            ("東京2020年", "東京 2020 年"),
            ("soft\u00adware", "software"),
        ],
    )
    def test_spellings_that_differ_in_form_alone_are_one(self, one: str, other: str) -> None:
        assert similarity(one, other) == pytest.approx(1, abs=1e-4)

    def test_threads_may_share_it(self) -> None:
        texts = [*SAME_CITY, *SAME_DOCTOR]
        expected = DEFAULT.encode_queries(texts)
        with ThreadPoolExecutor(4) as threads:
            for vectors in threads.map(DEFAULT.encode_queries, [texts] * 20):
                assert np.array_equal(vectors, expected)

    def test_it_needs_no_torch(self) -> None:
        import subprocess

        code = (
            "import sys; from crosearch.tools.embedder import load_embedder;"
            "load_embedder().encode_queries(['a']); print('torch' in sys.modules)"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert run.stdout.strip() == "False", run.stderr


class TestArtefact:
    folder = Path(__file__).parent.parent / "tools" / "data" / "embedder"

    def test_it_stays_small(self) -> None:
        assert sum(path.stat().st_size for path in self.folder.iterdir()) <= LARGEST_ARTEFACT

    def test_its_fingerprint_is_that_of_its_content(self) -> None:
        from safetensors.numpy import load_file

        held = load_file(self.folder / WEIGHTS_FILE)
        content = (self.folder / TOKENIZER_FILE).read_text(encoding="utf-8")
        assert fingerprint_of(held["rows"], held["scales"], content) == DEFAULT.fingerprint

    def test_its_card_names_every_source_with_its_licence(self) -> None:
        card = (self.folder / "README.md").read_text(encoding="utf-8")
        for source in ("NTREX", "TICO-19", "Tatoeba", "PUD", "Tanaka", "AfriQA", "MGSM"):
            assert source in card
        for licence in ("CC BY-SA 4.0", "CC0 1.0", "CC BY 2.0 FR", "GFDL", "Unicode License v3"):
            assert licence in card


class TestFolder:
    def test_a_saved_table_comes_back_within_half_a_step(self, tmp_path: Path) -> None:
        table = np.random.default_rng(1).standard_normal((50, 16)).astype(np.float32)
        rows, scales = quantise(table)
        step = scales.astype(np.float32)[:, None]
        assert np.all(np.abs(rows * step - table) <= step * 0.51 + 1e-3 * np.abs(table))

    def test_a_row_of_zeros_stays_one(self) -> None:
        rows, scales = quantise(np.zeros((1, 4), np.float32))
        assert not (rows * scales[:, None]).any()

    def test_its_path_is_a_name(self, tmp_path: Path) -> None:
        made = tiny_embedder(tmp_path)
        loaded = load_embedder(str(tmp_path))
        assert loaded.name == str(tmp_path)
        assert loaded.fingerprint == made.fingerprint
        assert np.array_equal(loaded.encode_queries(["river"]), made.encode_queries(["river"]))

    def test_unknown_pieces_do_not_dilute_a_text(self, tmp_path: Path) -> None:
        embedder = tiny_embedder(tmp_path)
        alone, among = embedder.encode_passages(["river", "river ☃ ж"])
        assert np.allclose(alone, among, atol=1e-6)

    def test_a_repeated_piece_counts_by_the_root_of_its_number(self, tmp_path: Path) -> None:
        embedder = tiny_embedder(tmp_path)
        tokenizer = Tokenizer.from_str(embedder.tokenizer_json)
        river, city = (embedder.table()[tokenizer.encode(w).ids[0]] for w in ("river", "city"))
        expected = 2 * river + city
        made = embedder.encode_passages(["river river city river river"])[0]
        assert np.allclose(made, expected / np.linalg.norm(expected), atol=1e-6)

    def test_other_weights_have_another_fingerprint(self, tmp_path: Path) -> None:
        made = tiny_embedder(tmp_path / "a")
        table = made.table()
        table[3] *= -1
        other = save_static_embedder(tmp_path / "b", table, made.tokenizer_json)
        assert other != made.fingerprint

    def test_a_torn_file_is_named(self, tmp_path: Path) -> None:
        tiny_embedder(tmp_path)
        weights = tmp_path / WEIGHTS_FILE
        weights.write_bytes(weights.read_bytes()[:-20])
        with pytest.raises(UsageError, match="does not hold a static embedder"):
            load_embedder(str(tmp_path))

    def test_a_garbled_tokenizer_is_named(self, tmp_path: Path) -> None:
        tiny_embedder(tmp_path)
        (tmp_path / TOKENIZER_FILE).write_text("{}", encoding="utf-8")
        with pytest.raises(UsageError, match=TOKENIZER_FILE):
            load_embedder(str(tmp_path))

    def test_a_tokenizer_of_another_size_is_named(self, tmp_path: Path) -> None:
        tiny_embedder(tmp_path)
        path = tmp_path / TOKENIZER_FILE
        content = json.loads(path.read_text(encoding="utf-8"))
        content["model"]["vocab"].pop()
        path.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(UsageError, match="damaged"):
            load_embedder(str(tmp_path))
