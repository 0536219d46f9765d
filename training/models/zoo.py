"""The networks of segmentation-models-pytorch: an architecture, "+", an encoder."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import HNError
from training.models.encoder_stages import find_stages
from training.models.network import AfterStage, Network, unchanged
from training.models.padding import pad_to_multiple

SMALLEST_SIDE = {"pan": 128}  # it halves features of stride 16 three times more
HALVINGS_MORE = {"dpt": 1}  # of what the encoder returns; smp counts only the encoder's
SIZE_TRIED = (128, 160)  # more than one feature of stride 32 in either direction


class ZooNetwork(Network):
    """An encoder, a decoder and a head of segmentation-models-pytorch.

    The features of its encoder's stages are those that the decoder is given. Weights
    that do not reach the logits, such as those of late stages that the decoder leaves
    out, are not trained.
    """

    def __init__(self, architecture: str, encoder: str, num_classes: int) -> None:
        super().__init__()
        self.name = f"{architecture}+{encoder}"
        self._smallest = SMALLEST_SIDE.get(architecture, 0)
        with _told_in_one_sentence(self.name):
            parts = _create(architecture, encoder, num_classes)
            self.encoder: Any = parts.encoder
            self.decoder: Any = parts.decoder
            self.classifier = parts.segmentation_head
            halvings_more = HALVINGS_MORE.get(architecture, 0)
            self._multiple = self.encoder.output_stride * 2**halvings_more
            self._observe()

    def _observe(self) -> None:
        """Find out by one image what is trained, the smallest batch and the stages."""
        generator = torch.Generator().manual_seed(0)
        image = self._padded(torch.randn(1, 3, *SIZE_TRIED, generator=generator))
        self.eval()
        with _batch_norms_of_one_value(self) as pooled, torch.enable_grad():
            logits = self(image)
        weights = list(self.parameters())
        gradients = torch.autograd.grad(logits.sum(), weights, allow_unused=True)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.requires_grad_(gradient is not None)
        self.train()
        self.smallest_training_batch = 2 if pooled else 1
        self._stages = find_stages(self.encoder, image)

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        """ "stage1", ..., one for every features; or "encoder", if it has no stages."""
        if not self._stages:
            return {"encoder": self.encoder}
        return {
            f"stage{k}": nn.ModuleList(map(self.encoder.get_submodule, stage.modules))
            for k, stage in enumerate(self._stages, start=1)
        }

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Logits of (N, 3, H, W) images, which are padded and the logits cropped."""
        height, width = images.shape[-2:]
        features = self._features(images, after_stage)
        return self.classifier(self.decoder(*features))[..., :height, :width]

    def encode(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """What the encoder's last stage makes of the padded images, (N, C, h, w)."""
        return self._features(images, after_stage)[0][-1]

    def freeze(self, num_stages: int) -> None:
        """As of any network; the encoder must have that many stages."""
        if num_stages > 1 and not self._stages:
            raise HNError(self._no_stages("only all of it can be kept fixed"))
        super().freeze(num_stages)

    def _features(self, images: Tensor, after_stage: AfterStage) -> tuple[Any, ...]:
        """What the decoder is given: first the list of features."""
        with self._features_through(after_stage):
            features = self.encoder(self._padded(images))
        # Vision transformers hand on prefix tokens beside the features.
        return features if isinstance(features, tuple) else (features,)

    def _padded(self, images: Tensor) -> Tensor:
        return pad_to_multiple(images, self._multiple, self._smallest)

    def _no_stages(self, so: str) -> str:
        return f"the encoder of {self.name} does not fall into stages, so {so}"

    @contextmanager
    def _features_through(self, after_stage: AfterStage) -> Iterator[None]:
        """While this holds, stages hand on what `after_stage` makes of features."""
        if after_stage is unchanged:
            yield
            return
        if not self._stages:
            raise HNError(self._no_stages("nothing can be stitched in after them"))
        handles = [
            self.encoder.get_submodule(stage.last).register_forward_hook(
                lambda module, inputs, features, k=k: after_stage(k, features)
            )
            for k, stage in enumerate(self._stages)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _create(architecture: str, encoder: str, num_classes: int) -> Any:
    import segmentation_models_pytorch as smp

    # Transformers are otherwise built for one size of image.
    options = {"dynamic_img_size": True} if architecture == "dpt" else {}
    return smp.create_model(
        architecture, encoder, encoder_weights=None, classes=num_classes, **options
    )


@contextmanager
def _batch_norms_of_one_value(network: nn.Module) -> Iterator[list[nn.Module]]:
    """Meanwhile collects the batch norms that get one value a channel and image."""
    found: list[nn.Module] = []

    def note(module: nn.Module, inputs: tuple[Tensor]) -> None:
        if inputs[0].shape[2:].numel() == 1:
            found.append(module)

    handles = [
        module.register_forward_pre_hook(note)
        for module in network.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _told_in_one_sentence(name: str) -> Iterator[None]:
    """Libraries warn of what nobody here can change, and refuse in many ways."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        NotImplementedError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise HNError(
            f"{name} cannot be built ({reason}); choose another encoder or architecture"
        ) from error
