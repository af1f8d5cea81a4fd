# All images: docker buildx bake -f deploy/docker-bake.hcl; one of them: … bake -f deploy/docker-bake.hcl kw
# scripts/check-deploy.py holds the list to Package.swift.

variable "TAG" {
  default = "latest"
}

group "default" {
  targets = ["program"]
}

target "program" {
  name = program
  matrix = {
    program = [
      "kw",
      "anomaly-agent",
      "velocity-agent",
      "probe-agent",
      "alert-forwarder",
      "temperature-producer",
      "temperature-consumer",
      "fraud-producer",
      "fraud-batch",
      "demo",
    ]
  }
  context    = "."
  dockerfile = "deploy/Dockerfile"
  args       = { PROGRAM = program }
  tags       = ["kafkawire/${program}:${TAG}"]
}
