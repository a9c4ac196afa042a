"""Downloads of weights, by their older name."""

from ..hub import _download_url_to_file as _download_url_to_file
from ..hub import load_state_dict_from_url, tqdm

__all__ = ["load_url", "tqdm"]

load_url = load_state_dict_from_url
