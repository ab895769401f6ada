"""A MODEL -> ITS ENCODER AS ONNX, with a proof that it answers as the model does."""
