#!/usr/bin/env bash
# azure-cli: a login, raw REST, and a folder uploaded to blob storage.
set -euo pipefail
az=${AZ:-az}
folder=$(mktemp -d)
export AZURE_CONFIG_DIR=$folder/config
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
echo "print(1)" > "$folder/src/main.py"
echo "numpy" > "$folder/src/requirements.txt"

$az login --service-principal -u "$AZURE_CLIENT_ID" -p "$AZURE_CLIENT_SECRET" \
  --tenant "$AZURE_TENANT_ID" --output none
place=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$AZURE_RESOURCE_GROUP
workspace=$place/providers/Microsoft.MachineLearningServices/workspaces/$AZML_WORKSPACE
container=$($az rest --url \
  "https://management.azure.com$workspace/datastores/workspaceblobstore?api-version=2024-04-01" \
  --query properties.containerName --output tsv)
$az storage blob upload-batch --account-name "$AZML_STORAGE_ACCOUNT" --auth-mode login \
  --destination "$container" --destination-path src --source "$folder/src" \
  --output none --only-show-errors
$az storage blob list --account-name "$AZML_STORAGE_ACCOUNT" --auth-mode login \
  --container-name "$container" --prefix src/ --query '[].name' --output tsv | sort
