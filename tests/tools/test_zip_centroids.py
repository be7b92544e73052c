import json

from tools import zip_centroids

SOURCE = "module.exports = {\n  '43201': { latitude: 39.990881, longitude: -83.00116 },\n  '00601': { latitude: 18, longitude: -66.75 }\n}\n"  # noqa: E501


def test_each_row_becomes_a_rounded_point() -> None:
    assert zip_centroids.read_points(SOURCE) == {"43201": (39.991, -83.001), "00601": (18.0, -66.75)}


def test_the_rendered_file_says_where_it_comes_from_and_is_sorted() -> None:
    text = json.loads(zip_centroids.render(zip_centroids.read_points(SOURCE)))
    assert "Census Bureau" in text["about"]
    assert list(text["centroids"]) == ["00601", "43201"]
